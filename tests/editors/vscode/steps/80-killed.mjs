// The server is killed: it is started again and knows the text as it is, unsaved.
import { until } from '../editor.mjs';

export default async editor => {
  await editor.open('service/reports.py');
  await editor.ready();
  await editor.focus();
  await editor.key('Control+End', 'Enter');
  await editor.page.keyboard.insertText('def unsaved(given) -> bool: return given == None');
  await editor.see('.squiggly-info, .squiggly-warning', 15_000);
  const [before] = editor.servers();
  process.kill(before, 'SIGKILL');
  const after = await until('no new server', 15_000, () => editor.servers().find(pid => pid !== before));
  await editor.statusSays(/Orchestra|local/);
  await editor.key('End');
  await editor.page.keyboard.insertText(' or given == None');
  await until('the new server does not know the text', 20_000, async () => (await editor.page.locator('.squiggly-info, .squiggly-warning').count()) > 1);
  await editor.onDisk('service/reports.py', 'def unsaved(given) -> bool: return given == None or given == None');
  editor.say(`the server was killed (${before}) and started again (${after}); no text was lost`);
};
