// The search on real files: little programs that answer as a Python of some version would.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { afterEach, beforeEach } from 'node:test';
import { findServer, onPath, pythonOf, type Found, type Missing, type Wishes } from '../src/find.ts';

let top = '';
const UNIX = { skip: process.platform === 'win32' && 'the programs of this test are shell scripts' };

beforeEach(() => {
  top = mkdtempSync(path.join(tmpdir(), 'orchestra-find-'));
});

afterEach(() => rmSync(top, { recursive: true }));

function program(name: string, says = ''): string {
  const file = path.join(top, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\nprintf '%s' '${says}'\n`);
  chmodSync(file, 0o755);
  return file;
}

function find(wishes: Partial<Wishes>, folders: string[] = ['bin']): Promise<Found | Missing> {
  const all = { command: [], interpreter: '', managed: path.join(top, 'managed'), safe: top, ...wishes };
  return findServer(all, { path: folders.map(one => path.resolve(top, one)).join(':'), windows: false });
}

async function problem(wishes: Partial<Wishes>): Promise<string> {
  const missing = await find(wishes);
  assert.ok('problem' in missing, `found ${JSON.stringify(missing)}`);
  return missing.problem;
}

const module = (command: string) => ({ command, args: ['-P', '-m', 'orchestra_lsp.server.door'] });

test('the command of the settings goes first, with its arguments', UNIX, async () => {
  const own = program('own');
  program('bin/orchestra-lsp');
  assert.deepEqual(await find({ command: [own, '--stdio'] }), { command: own, args: ['--stdio'], from: 'the setting orchestra.client.command' });
});

test('a command that is not there is said, not replaced by another', UNIX, async () => {
  program('bin/orchestra-lsp');
  assert.match(await problem({ command: ['/nowhere/server'] }), /orchestra\.client\.command names \/nowhere\/server, which is not there/);
});

test('a command by its name is looked for on the PATH', UNIX, async () => {
  const file = program('bin/orchestra-lsp');
  assert.equal(((await find({ command: ['orchestra-lsp'] })) as Found).command, file);
});

test('the interpreter of the settings', UNIX, async () => {
  const python = program('python', '3 12 1');
  assert.deepEqual(await find({ interpreter: python }), { ...module(python), from: 'the setting orchestra.client.interpreter' });
});

test('an interpreter without the server says how to install it', UNIX, async () => {
  const python = program('python', '3 12 0');
  assert.match(await problem({ interpreter: python }), new RegExp(`${python} -m pip install orchestra-lsp`));
});

test('an old interpreter is named with its version', UNIX, async () => {
  assert.match(await problem({ interpreter: program('python', '3 9 1') }), /is Python 3\.9; 3\.11 is needed/);
});

test('something that is no Python', UNIX, async () => {
  assert.match(await problem({ interpreter: program('python', 'hello') }), /is not there or is no Python/);
});

test("the workspace's interpreter goes before the managed one, and that before the PATH", UNIX, async () => {
  const active = program('active', '3 11 1');
  program('managed/bin/python', '3 11 1');
  program('bin/orchestra-lsp');
  assert.deepEqual(await find({ active }), { ...module(active), from: 'the interpreter of this workspace' });
  assert.equal(((await find({})) as Found).command, path.join(top, 'managed/bin/python'));
  assert.equal(((await find({ managed: path.join(top, 'none') })) as Found).from, 'the PATH');
});

test('an interpreter of the workspace without the server is passed over', UNIX, async () => {
  const file = program('bin/orchestra-lsp');
  assert.equal(((await find({ active: program('active', '3 11 0') })) as Found).command, file);
});

test('no server: a Python that could have one is told', UNIX, async () => {
  const python = program('bin/python3', '3 13 0');
  assert.deepEqual(await find({}), {
    problem: 'The server of Orchestra LSP is not installed.',
    python: { path: python, version: [3, 13], server: false },
  });
});

test('no server and only an old Python', UNIX, async () => {
  program('bin/python3', '3 8 0');
  assert.match(await problem({}), /needs Python 3\.11 or newer; .*python3 is 3\.8/);
});

test('no server and no Python', UNIX, async () => {
  mkdirSync(path.join(top, 'bin'));
  assert.match(await problem({}), /none was found on the PATH/);
});

test('a relative entry of the PATH is not searched: it would mean the open folder', UNIX, async () => {
  program('bin/orchestra-lsp');
  process.chdir(top);
  assert.equal(await onPath('orchestra-lsp', { path: 'bin:.:', windows: false }), undefined);
});

test('where an environment has its interpreter', () => {
  assert.equal(pythonOf('env', { windows: false }), path.join('env', 'bin', 'python'));
  assert.equal(pythonOf('env', { windows: true }), path.join('env', 'Scripts', 'python.exe'));
});
