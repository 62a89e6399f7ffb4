// VS Code in a browser, as a person uses it: keys, clicks, what is on the screen and on disk.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';

const { CHECK_PORT: PORT, CHECK_SCRATCH: SCRATCH, CHECK_PLAYWRIGHT, CHECK_CHROMIUM, ORCHESTRA_SHOTS: SHOTS } = process.env;
const { chromium } = createRequire(`${CHECK_PLAYWRIGHT}/`)('playwright-core');
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-sync'];
const STATUS = '#orchestra-lsp\\.orchestra-lsp\\.orchestra';

export async function openEditor(say) {
  await until('code-server did not start', 60_000, () => fetch(`http://127.0.0.1:${PORT}/healthz`).then(answer => answer.ok, () => false));
  const context = await chromium.launchPersistentContext(path.join(SCRATCH, 'chromium'), {
    executablePath: CHECK_CHROMIUM,
    headless: true,
    viewport: { width: 1280, height: 720 },
    args: ARGS,
  });
  return new Editor(context, context.pages()[0] ?? (await context.newPage()), say);
}

/** Wait until `condition` gives something true, which is the answer. */
export async function until(what, ms, condition) {
  const end = Date.now() + ms;
  for (;;) {
    const found = await condition();
    if (found) return found;
    if (Date.now() > end) throw new Error(what);
    await new Promise(done => setTimeout(done, 50));
  }
}

export class Editor {
  workspace = path.join(SCRATCH, 'workspace');
  scratch = SCRATCH;
  settingsFile = path.join(SCRATCH, 'data/Machine/settings.json');

  constructor(context, page, say) {
    Object.assign(this, { context, page, say });
  }

  /** Load the window anew with one file of a folder. A URL is sure; keys sent to quick open right after loading get lost. */
  async open(file, folder = this.workspace) {
    const payload = JSON.stringify([['openFile', `vscode-remote://127.0.0.1:${PORT}${path.join(folder, file)}`]]);
    await this.page.goto(`http://127.0.0.1:${PORT}/?${new URLSearchParams({ folder, payload })}`, { waitUntil: 'domcontentloaded' });
    await this.see('.monaco-workbench', 60_000);
    await this.see('.monaco-editor .view-lines', 60_000);
  }

  /** The server has answered for the document in front. */
  ready() {
    return this.see('.codelens-decoration a', 60_000, 'attached'); // the first may be out of sight
  }

  see(selector, ms = 15_000, state = 'visible') {
    return this.page.waitForSelector(selector, { timeout: ms, state });
  }

  async key(...keys) {
    for (const key of keys) await this.page.keyboard.press(key);
  }

  type(text) {
    return this.page.keyboard.type(text, { delay: 15 });
  }

  wait(ms) {
    return this.page.waitForTimeout(ms);
  }

  async focus() {
    await this.page.locator('.monaco-editor .view-lines').first().click();
  }

  /** Put the caret at line and column, both from 1. */
  async goto(line, column = 1) {
    await this.key('Control+G'); // the box already holds ":"
    await this.see('.quick-input-widget input');
    await this.type(`${line}:${column}`);
    await this.wait(200);
    await this.key('Enter');
    await until('the caret did not move', 5000, async () => (await this.caret()).startsWith(`Ln ${line}, Col ${column}`));
  }

  async caret() {
    return (await this.page.locator('#status\\.editor\\.selection').textContent()) ?? '';
  }

  /** Run a command of the palette by its full title. */
  async command(title) {
    const box = this.page.locator('.quick-input-widget input:visible').first();
    await until('the palette does not open', 15_000, async () => {
      await this.key('F1'); // keys get lost while the editor is busy
      return box.waitFor({ timeout: 1500 }).then(() => true, () => false);
    });
    await this.type(title);
    await this.page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first().click();
  }

  /** The code actions at the caret, open as a list. */
  async actions() {
    await this.wait(700); // the editor asks for them a while after the caret moved
    await this.key('Control+.');
    await this.see('.action-widget .monaco-list-row');
    await this.wait(300);
  }

  async pick(title) {
    await this.page.locator('.action-widget .monaco-list-row', { hasText: title }).first().click();
  }

  ghost(ms = 15_000) {
    return this.see('.ghost-text-decoration, .ghost-text', ms, 'attached'); // never "visible" to Playwright
  }

  async hasGhost() {
    return (await this.page.locator('.ghost-text-decoration, .ghost-text').count()) > 0;
  }

  status() {
    return this.page.locator(STATUS).textContent();
  }

  /** Wait until the status item says it. */
  statusSays(pattern, ms = 15_000) {
    return until(`the status item does not say ${pattern}`, ms, async () => pattern.test((await this.status().catch(() => '')) ?? ''));
  }

  async menu(entry) {
    await this.page.locator(`${STATUS} a`).click();
    await this.see('.quick-input-list .monaco-list-row');
    if (entry) await this.page.locator('.quick-input-list .monaco-list-row', { hasText: entry }).first().click();
  }

  disk(file) {
    return fs.readFileSync(path.join(this.workspace, file), 'utf8');
  }

  /** Save until the text is there: what an action does comes a moment after it. */
  async onDisk(file, text) {
    const saved = async () => {
      await this.key('Control+S');
      await this.wait(200);
      return this.disk(file).includes(text);
    };
    await until(`not on disk: ${text}`, 8000, saved).catch(error => assert.fail(`${error.message}\n${this.disk(file).slice(-600)}`));
  }

  set(settings) {
    const now = JSON.parse(fs.readFileSync(this.settingsFile, 'utf8'));
    fs.writeFileSync(this.settingsFile, JSON.stringify({ ...now, ...settings }, null, 1));
  }

  /** Processes of this test that run our server: by its module and by our home folder in their environment. */
  servers() {
    return this.processes().filter(pid => read(`/proc/${pid}/cmdline`).includes('orchestra_lsp.server'));
  }

  processes() {
    return fs.readdirSync('/proc').filter(name => /^\d+$/.test(name) && read(`/proc/${name}/environ`).includes(`HOME=${SCRATCH}/home`)).map(Number);
  }

  extensionLog() {
    const logs = fs.globSync(path.join(SCRATCH, 'data/logs/**/*Orchestra*.log'));
    return logs.map(file => `${file}\n${fs.readFileSync(file, 'utf8')}`).join('\n');
  }

  async shot(name) {
    if (SHOTS) await this.page.screenshot({ path: path.join(SHOTS, `${name}.png`) });
  }

  close() {
    return this.context.close();
  }
}

function read(file) {
  try {
    return fs.readFileSync(file, 'latin1');
  } catch {
    return ''; // the process has ended meanwhile
  }
}
