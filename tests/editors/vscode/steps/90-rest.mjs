// At rest: no work, little memory. Then the editor is killed, and nothing of it is left.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { until } from '../editor.mjs';

const REST_S = 5;
const MEMORY_MB = 120;

export default async editor => {
  await editor.open('service/orders.py');
  await editor.ready();
  await editor.wait(6000);
  const [server] = editor.servers();
  const before = ticks(server);
  await editor.wait(REST_S * 1000);
  const share = (ticks(server) - before) / REST_S; // 100 ticks in a second: this is per cent
  const memory = Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${server}/status`, 'utf8'))[1]) / 1024;
  editor.say(`the server at rest: ${share.toFixed(1)} % of a core (bar: 0.0 %), ${memory.toFixed(0)} MB (bar: < ${MEMORY_MB} MB)`);
  assert.ok(share <= 0.4, 'the server works at rest');
  assert.ok(memory < MEMORY_MB, 'the server takes too much memory');

  const host = parent(server);
  process.kill(host, 'SIGKILL');
  await until('the server outlives the editor', 10_000, () => !fs.existsSync(`/proc/${server}`));
  editor.say('the editor was killed, the server is gone');
};

function stat(pid) {
  return fs.readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\) /s, '').split(' ');
}

function ticks(pid) {
  const fields = stat(pid);
  return Number(fields[11]) + Number(fields[12]);
}

function parent(pid) {
  return Number(stat(pid)[1]);
}
