// Line ends of Windows, a tab, CJK and combining characters: fix-all and ghost text land exactly.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';

const FILE = 'service/windows.py';
const LINE = 'label = "注文 e\u0301 🎉"; logger.info("order %s is %s", order';
const REST = '.order_id';

export default async editor => {
  const whole = path.join(editor.workspace, FILE);
  fs.writeFileSync(whole, editor.disk('service/orders.py').replace('coupon is None', 'coupon == None').replace(/\n/g, '\r\n'));
  await editor.open(FILE);
  await editor.ready();
  await editor.focus();
  await editor.command('Fix All');
  await editor.onDisk(FILE, 'order.coupon is None');
  editor.say('everything that is safe was fixed by "Fix All"');
  await editor.key('Control+End', 'Enter', 'Home');
  await editor.page.keyboard.insertText(`\t${LINE}`);
  await editor.wait(500);
  await editor.key('Escape', 'Escape');
  await editor.type('.');
  await editor.ghost();
  await editor.key('Tab');
  await editor.onDisk(FILE, LINE + REST);
  assert.ok(!/[^\r]\n/.test(editor.disk(FILE)), 'a line end of Unix among those of Windows');
  editor.say('ghost text landed exactly behind a tab, CJK, a combining character and an emoji; line ends are kept');
  fs.rmSync(whole);
};
