// The environment for the server, made with the real Python of this machine and a package of our own; nothing comes from a network.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { after, before } from 'node:test';
import { makeEnvironment, probe } from '../src/python.ts';
import { pythonOf } from '../src/find.ts';

const WINDOWS = process.platform === 'win32';
const PYTHON = process.env.CHECK_PYTHON ?? (WINDOWS ? 'python' : 'python3');
const interpreter = (folder: string) => pythonOf(folder, { windows: WINDOWS });
let top = '';

const WHEEL = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1] + "/orchestra_lsp-9.9.9-py3-none-any.whl", "w") as wheel:
    wheel.writestr("orchestra_lsp/__init__.py", "")
    info = "orchestra_lsp-9.9.9.dist-info/"
    wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: orchestra-lsp\\nVersion: 9.9.9\\n")
    wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr(info + "RECORD", "")
`;

before(() => {
  top = mkdtempSync(path.join(tmpdir(), 'orchestra-python-'));
  execFileSync(PYTHON, ['-c', WHEEL, top]);
  Object.assign(process.env, { PIP_NO_INDEX: '1', PIP_FIND_LINKS: top });
});

after(() => rmSync(top, { recursive: true }));

test('an environment with the server', async () => {
  const folder = path.join(top, 'made');
  await makeEnvironment(PYTHON, folder, 'orchestra-lsp==9.9.9', interpreter);
  assert.equal((await probe(interpreter(folder), top))?.server, true);
});

test('what cannot be had is said in a sentence, and nothing is left', async () => {
  const folder = path.join(top, 'offline');
  await assert.rejects(makeEnvironment(PYTHON, folder, 'orchestra-lsp==0.0.0', interpreter), /orchestra-lsp==0\.0\.0 could not be installed: .*0\.0\.0/);
  assert.equal(existsSync(folder), false);
});

test('stopped by the person, nothing is left', async () => {
  const folder = path.join(top, 'stopped');
  await assert.rejects(makeEnvironment(PYTHON, folder, 'orchestra-lsp==9.9.9', interpreter, AbortSignal.timeout(500)), /could not be installed: stopped/);
  await new Promise(done => setTimeout(done, 500)); // whatever was still running would write into it again
  assert.equal(existsSync(folder), false);
});

test('a file or folder that is no interpreter is none', async () => {
  const file = path.join(top, 'text');
  writeFileSync(file, 'hello');
  assert.deepEqual(await Promise.all([file, top, path.join(top, 'none')].map(one => probe(one, top))), [undefined, undefined, undefined]);
});
