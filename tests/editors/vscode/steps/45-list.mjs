// Who has switched ghost text off gets the same in the list of completions; the setting is changed while the server runs.
import { REST, TYPED } from './30-ghost.mjs';

export default async editor => {
  editor.set({ 'editor.inlineSuggest.enabled': false });
  await editor.wait(1000);
  await editor.key('Control+End', 'Enter');
  await editor.page.keyboard.insertText(`list${TYPED.slice(0, -1)}`);
  await editor.wait(500);
  await editor.type('.');
  await editor.page.locator('.suggest-widget.visible .monaco-list-row', { hasText: REST.slice(0, 8) }).first().waitFor({ timeout: 15_000 });
  await editor.shot('completion');
  await editor.wait(300);
  await editor.key('Tab');
  await editor.onDisk('service/orders.py', `list${TYPED}${REST.slice(0, 8)}`);
  editor.say('an entry of the list was taken and landed exactly');
  editor.set({ 'editor.inlineSuggest.enabled': true });
};
