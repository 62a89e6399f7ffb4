// Ghost text taken by the word.
import assert from 'node:assert/strict';

export default async editor => {
  await editor.focus();
  await editor.key('Control+End', 'Enter', 'Enter');
  await editor.page.keyboard.insertText('def report(order: Order) -> None:');
  await editor.key('Enter');
  await editor.page.keyboard.insertText('    logger.warning("order %s is %s, not open", order.order_id, order');
  await editor.wait(400);
  await editor.key('Escape', 'Escape');
  await editor.type('.');
  await editor.ghost();
  await editor.shot('ghost-text');
  await editor.key('Control+ArrowRight');
  await editor.onDisk('service/orders.py', 'not open", order.order_id, order.state');
  const line = editor.disk('service/orders.py').split('\n').findLast(one => one.trim());
  assert.ok(!line.includes('value'), `all of it was taken: ${line}`);
  editor.say('a word of the ghost text was taken');
  await editor.key('Escape');
};
