// A model on loopback for the editor to ask: the stand-in that the other tests use, and the settings that name it.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { once } from 'node:events';

const { CHECK_TOP: TOP, CHECK_SCRATCH: SCRATCH } = process.env;

/** A running model that says `text` to everything. */
export async function startModel(text) {
  const program = path.join(TOP, 'tests/support/providers/fake_provider.py');
  const trace = JSON.stringify({ deployments: { default: { ttft_ms: 30, sigma: 0, tpot_ms: 0, tokens: 400, text } } });
  const file = path.join(SCRATCH, 'trace.json');
  writeFileSync(file, trace);
  const child = spawn(path.join(TOP, '.venv/bin/python'), [program, '--until-eof', '--trace', file], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout, 'data');
  return { url: String(line).trim(), kill: () => child.kill('SIGKILL') };
}

/** The editor's settings for it. */
export function asTool(url) {
  const model = { kind: 'openai', url: `${url}/v1`, model: 'tiny', local: true, fill_in_middle: 'suffix' };
  return { 'orchestra.tools': { local: {}, studio: model } };
}
