// A quick fix, on disk.
import { until } from '../editor.mjs';

export default async editor => {
  await editor.goto(122, 20);
  await editor.actions();
  await editor.shot('quick-fix');
  await editor.pick('Compare by identity');
  await editor.onDisk('service/orders.py', 'order.coupon is None');
  await until('the finding is still underlined', 10_000, async () => !(await editor.page.locator('.squiggly-warning, .squiggly-info').count()));
  editor.say('the quick fix is on disk');
};
