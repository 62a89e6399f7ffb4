import assert from 'node:assert/strict';
import test from 'node:test';
import { Crashes } from '../src/crashes.ts';

test('the first start is at once, later ones later, the fifth is none', () => {
  const crashes = new Crashes();
  assert.deepEqual([0, 1, 2, 3, 4].map(second => crashes.next(second * 1000)), [0, 1000, 4000, 10_000, undefined]);
});

test('what is long ago does not count', () => {
  const crashes = new Crashes();
  for (const second of [0, 1, 2, 3]) crashes.next(second * 1000);
  assert.equal(crashes.next(1_000_000), 0);
  assert.equal(crashes.count, 1);
});
