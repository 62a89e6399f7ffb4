// The server starts by itself; findings are underlined and explained.
export default async editor => {
  await editor.open('service/orders.py');
  await editor.ready();
  await editor.statusSays(/Orchestra|local/);
  editor.say('the server runs, code lenses are shown');
  await editor.goto(122, 20);
  await editor.see('.squiggly-warning, .squiggly-info', 15_000);
  editor.say('the finding is underlined');
  await editor.key('Control+K');
  await editor.key('Control+I');
  await editor.page.locator('.monaco-hover:visible', { hasText: 'is None' }).first().waitFor({ timeout: 10_000 });
  await editor.wait(300);
  await editor.shot('hover');
  editor.say('the hover explains the rule');
  await editor.key('Escape');
};
