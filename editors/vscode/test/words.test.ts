import assert from 'node:assert/strict';
import test from 'node:test';
import { type Seen, type Tool, details, isBad, label } from '../src/words.ts';

const LOCAL: Tool = { name: 'local', state: 'ready', reason: 'embedded', remedy: '' };
const DOWN: Tool = { name: 'studio', state: 'down', reason: 'connection refused', remedy: 'start it' };

function seen(news: Partial<Seen>): Seen {
  return { phase: 'running', paused: false, ...news };
}

function told(...tools: Tool[]): Partial<Seen> {
  return { told: { tools, busy: false, message: 'local ready' } };
}

const LABELS: [string, Partial<Seen>, string][] = [
  ['before the first answer', { phase: 'starting' }, '$(loading~spin) Orchestra'],
  ['well', told(LOCAL), '$(sparkle) Orchestra'],
  ['after a suggestion', { ...told(LOCAL), last: { id: 'a', tool: 'local', ms: 12.4 } }, '$(sparkle) local 12 ms'],
  ['after a slow one', { ...told(LOCAL), last: { id: 'a', tool: 'studio', ms: 1240 } }, '$(sparkle) studio 1.2 s'],
  ['a tool is down', told(LOCAL, DOWN), '$(warning) studio down'],
  ['paused', { ...told(LOCAL), paused: true }, '$(debug-pause) Orchestra: paused'],
  ['without a server', { phase: 'missing', problem: 'not installed' }, '$(error) Orchestra: no server'],
  ['given up', { phase: 'stopped' }, '$(error) Orchestra: stopped'],
];

for (const [when, news, text] of LABELS) {
  test(`the status item ${when}`, () => assert.equal(label(seen(news)), text));
}

test('bad is what a person has to do something about', () => {
  assert.deepEqual([told(LOCAL), told(DOWN), { phase: 'missing' as const }].map(news => isBad(seen(news))), [false, true, true]);
});

test('the hover has the tools, the last suggestion and the cost', () => {
  const text = details(seen({ ...told(LOCAL, DOWN), last: { id: 'a', tool: 'local', confidence: 0.914, ms: 7 }, cost: '$0.42' }));
  for (const part of ['| studio | down | connection refused; start it |', '**local** in 7 ms, confidence 91 %', 'Cost today: $0.42']) {
    assert.ok(text.includes(part), `${part} is not in\n${text}`);
  }
});

test('what tools say about themselves is no Markdown', () => {
  const evil = { ...DOWN, reason: '[click](command:evil) | `x`\n# big' };
  const row = details(seen(told(evil))).split('\n').find(line => line.includes('click'));
  assert.equal(row, '| studio | down | \\[click\\](command:evil) \\| \\`x\\` # big; start it |');
});
