// From the key to ghost text on the screen, with the embedded engine; the editor's own delay is in it.
import assert from 'node:assert/strict';

const BAR_MS = 250;
const TIMES = 20;
const LINES = ['logger.info("order %s is %s", order', 'logger.warning("order %s is %s, not open", order.order_id, order'];

export default async editor => {
  await editor.page.evaluate(watch);
  const times = [];
  for (let turn = 0; turn < TIMES; turn++) {
    await editor.key('Control+End', 'Enter', 'Home');
    await editor.page.keyboard.insertText(LINES[turn % LINES.length]);
    await editor.wait(450);
    await editor.key('Escape', 'Escape');
    await editor.wait(150);
    await editor.type('.');
    await editor.ghost();
    await editor.wait(100);
    times.push(await editor.page.evaluate(() => window.ghostTook));
    await editor.key('Tab'); // taken, because what is refused again and again is not offered any more
    await editor.wait(200);
    await editor.key('Escape', 'Control+Shift+K');
  }
  times.sort((one, other) => one - other);
  const at = share => times[Math.ceil(share * TIMES) - 1].toFixed(0);
  editor.say(`key to ghost text: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms (bar: p95 < ${BAR_MS} ms)`);
  // Other work on the machine makes it slower, so that only a gross miss fails here; the printed figure is the measurement.
  assert.ok(Number(at(0.5)) < 4 * BAR_MS, 'ghost text is far too slow');
};

/** In the page: remembers when a key went down and when ghost text was painted after it. */
function watch() {
  let pressed = 0;
  window.addEventListener('keydown', event => event.key === '.' && ((pressed = performance.now()), (window.ghostTook = undefined)), true);
  const look = () => {
    if (pressed && document.querySelector('.ghost-text-decoration, .ghost-text')) {
      window.ghostTook = performance.now() - pressed;
      pressed = 0;
    }
    requestAnimationFrame(look);
  };
  look();
}
