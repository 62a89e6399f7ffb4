// The status item: its hover, its menu, pausing and going on.
import assert from 'node:assert/strict';

export default async editor => {
  await editor.page.locator('#orchestra-lsp\\.orchestra-lsp\\.orchestra').hover();
  await editor.page.locator('.monaco-hover:visible', { hasText: 'Last suggestion' }).first().waitFor({ timeout: 10_000 });
  await editor.wait(300);
  await editor.shot('status');
  await editor.page.mouse.move(600, 300);
  await editor.menu();
  await editor.wait(300);
  await editor.shot('menu');
  await editor.page.locator('.quick-input-list .monaco-list-row', { hasText: 'Pause suggestions' }).first().click();
  await editor.statusSays(/paused/);
  await editor.focus();
  await editor.key('Control+End', 'Enter', 'Home');
  await editor.page.keyboard.insertText('logger.info("order %s is %s", order');
  await editor.type('.');
  await editor.wait(1500);
  assert.equal(await editor.hasGhost(), false, 'paused, and there is ghost text');
  await editor.menu('Go on with suggestions');
  await editor.statusSays(/local|studio|Orchestra/);
  editor.say('suggestions were paused and go on');
  await editor.menu('Why this suggestion?');
  await editor.page.locator('.tab', { hasText: 'Preview' }).first().waitFor({ timeout: 15_000 });
  await editor.wait(1000);
  await editor.shot('why');
  editor.say('the menu tells why');
};
