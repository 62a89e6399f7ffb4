// Ghost text: shown, and taken with Tab. An emoji stands before the caret, where columns are easily wrong.
export const TYPED = 'label = "🎉"; logger.info("order %s is %s", order.';
export const REST = 'order_id, order.state.value)';

export default async editor => {
  await editor.key('Control+End', 'Enter');
  await editor.page.keyboard.insertText(TYPED.slice(0, -1));
  await editor.wait(500);
  await editor.key('Escape', 'Escape');
  await editor.type('.');
  await editor.ghost();
  await editor.shot('ghost-text-emoji');
  for (let part = 0; part < 4 && (await editor.hasGhost()); part++) {
    await editor.key('Tab'); // a slow machine gets it in parts: the embedded engine keeps its time
    await editor.wait(700);
  }
  await editor.onDisk('service/orders.py', TYPED + REST);
  editor.say('ghost text was taken with Tab and landed exactly');
};
