// A model comes into the settings while the server runs; it rewrites a function, with a preview; then it goes down.
import { asTool, startModel } from '../model.mjs';
import { until } from '../editor.mjs';

const REWRITTEN = `def is_finished(order: Order) -> bool:
    """Whether nothing can happen to it any more."""
    return order.state in (State.SENT, State.CANCELLED)
`;

export default async editor => {
  const model = await startModel(`\`\`\`python\n${REWRITTEN}\`\`\``);
  try {
    editor.set(asTool(model.url));
    await rewrite(editor);
    await goesDown(editor, model);
  } finally {
    model.kill();
  }
};

async function rewrite(editor) {
  await editor.open('service/orders.py');
  await editor.ready();
  const line = 1 + editor.disk('service/orders.py').split('\n').findIndex(one => one.startsWith('def is_finished'));
  await editor.goto(line);
  await editor.key('Shift+ArrowDown', 'Shift+ArrowDown', 'Shift+ArrowDown', 'Shift+ArrowDown');
  await editor.actions();
  await editor.pick('Rewrite the selection');
  await editor.see('.quick-input-widget input');
  await editor.type('make it simpler');
  await editor.shot('instruction');
  await editor.key('Enter');
  const apply = editor.page.locator('.monaco-button', { hasText: 'Apply' }).first();
  await apply.waitFor({ timeout: 20_000 });
  await editor.page.locator('.bulk-edit-panel .monaco-list-row', { hasText: 'is_finished' }).first().click(); // shows the difference
  await editor.page.locator('.bulk-edit-panel .edit-checkbox').first().click(); // nothing is chosen for the person
  await editor.wait(1500);
  await editor.shot('preview');
  await apply.click();
  await editor.onDisk('service/orders.py', 'nothing can happen to it any more');
  editor.say('a function was rewritten by a model, after a preview');
}

async function goesDown(editor, model) {
  await editor.focus();
  model.kill();
  const began = Date.now();
  const WORDS = ['zebra', 'walnut', 'quince', 'violet', 'umbra', 'tundra'];
  await until('it was not shown', 15_000, async () => {
    await editor.key('Control+End', 'Enter', 'Home');
    await editor.type(`${WORDS[0]} = ${WORDS[1]}.`); // nothing the embedded engine could know
    WORDS.push(WORDS.shift());
    await editor.wait(300);
    return /studio down/.test(await editor.status());
  });
  editor.say(`the tool's end is shown after ${((Date.now() - began) / 1000).toFixed(1)} s (bar: < 5 s)`);
  await editor.shot('tool-down');
  await editor.key('Control+End', 'Enter', 'Home');
  await editor.page.keyboard.insertText('logger.info("order %s is %s", order');
  await editor.wait(500);
  await editor.key('Escape', 'Escape');
  await editor.type('.');
  await editor.ghost();
  await editor.key('Escape');
  editor.say('suggestions go on without it');
}
