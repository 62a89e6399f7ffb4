import assert from 'node:assert/strict';
import test from 'node:test';
import { whatWasSet } from '../src/settings.ts';

const NAMES = ['completion.sure', 'completion.enabled', 'route.budget_usd', 'tools'];

test('defaults are not told: they would override the settings file', () => {
  assert.deepEqual(whatWasSet(NAMES, () => ({})), {});
});

test('what was set is told as a tree, the nearest place first', () => {
  const set: Record<string, object> = {
    'completion.sure': { globalValue: 0.5, workspaceValue: 0.7 },
    'completion.enabled': { globalValue: true, workspaceValue: true, workspaceFolderValue: false },
    tools: { globalValue: { mine: { kind: 'openai' } } },
  };
  assert.deepEqual(whatWasSet(NAMES, name => set[name]), {
    completion: { sure: 0.7, enabled: false },
    tools: { mine: { kind: 'openai' } },
  });
});

test('null means unset', () => {
  assert.deepEqual(whatWasSet(NAMES, () => ({ globalValue: null })), {});
});
