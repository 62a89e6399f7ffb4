// Run by check.sh: the steps/, one after the other by their names, each in the same window unless it opens its own.
import fs from 'node:fs';
import path from 'node:path';
import { openEditor } from './editor.mjs';

const here = path.join(import.meta.dirname, 'steps');
const asked = process.argv.slice(2);
const names = fs.readdirSync(here).filter(name => name.endsWith('.mjs')).sort();
const wanted = name => !asked.length || asked.some(one => name.startsWith(one));
const began = Date.now();
const say = text => console.log(`${((Date.now() - began) / 1000).toFixed(1)} s  ${text}`);

const editor = await openEditor(say);
let failed = '';
try {
  for (const name of names.filter(wanted)) {
    failed = name;
    const { default: step } = await import(path.join(here, name));
    await step(editor);
  }
  failed = '';
} catch (error) {
  console.log(`${failed}: ${String(error.stack ?? error).slice(0, 1500)}`);
  await editor.shot(`failed-${path.parse(failed).name}`).catch(() => {});
  console.log(editor.extensionLog().slice(-3000));
}
await editor.close();
process.exit(failed ? 1 : 0);
