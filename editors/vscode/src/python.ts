// Runs Python interpreters: what they are, and the environment that we make for the server.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';

/** The oldest Python the server runs on. */
export const NEEDED = [3, 11] as const;
const WINDOWS = process.platform === 'win32';
const PROBE_MS = 10_000;
const INSTALL_MS = 600_000;

// Also for Pythons that are far too old: they are named in the message.
const QUESTION = `
import sys
try:
    from importlib.util import find_spec
    found = find_spec("orchestra_lsp") is not None
except ImportError:
    found = False
sys.stdout.write("%d %d %d" % (sys.version_info[0], sys.version_info[1], found))
`;

interface Run {
  cwd: string;
  timeout: number;
  signal?: AbortSignal;
}

export interface Interpreter {
  path: string;
  version: [number, number];
  /** Whether the server is installed there. */
  server: boolean;
}

/** undefined: it cannot be run, or is no Python. `safe` is a folder without Python files: modules are also looked for there. */
export async function probe(python: string, safe: string): Promise<Interpreter | undefined> {
  try {
    const said = /^(\d+) (\d+) ([01])$/.exec(await run(python, ['-c', QUESTION], { cwd: safe, timeout: PROBE_MS }));
    return said ? { path: python, version: [Number(said[1]), Number(said[2])], server: said[3] === '1' } : undefined;
  } catch {
    return undefined; // which interpreters there are is the question here; one that does not run is none
  }
}

export function isNewEnough({ version: [major, minor] }: Interpreter): boolean {
  return major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1]);
}

/** Make an environment with the server in it. Throws a sentence for the person; then nothing is left of it. */
export async function makeEnvironment(
  python: string,
  folder: string,
  requirement: string,
  pythonOf: (environment: string) => string,
  signal?: AbortSignal,
): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await run(python, ['-m', 'venv', '--clear', folder], { cwd: folder, timeout: INSTALL_MS, signal });
    const install = ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '--quiet', requirement];
    await run(pythonOf(folder), install, { cwd: folder, timeout: INSTALL_MS, signal });
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw new Error(`${requirement} could not be installed: ${(error as Error).message}`);
  }
}

/** What it wrote. Throws what it said last when it did not end well. */
function run(file: string, args: string[], { cwd, timeout, signal }: Run): Promise<string> {
  return new Promise((resolve, reject) => {
    // A group of its own: what it has started (the installer in an environment) has to end with it.
    const child = spawn(file, args, { cwd, windowsHide: true, detached: !WINDOWS, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let said = '';
    let why = '';
    const stop = (because: string) => {
      why ||= because;
      endAll(child);
    };
    const stopped = () => stop('stopped');
    const timer = setTimeout(() => stop('it took too long'), timeout);
    signal?.addEventListener('abort', stopped);
    if (signal?.aborted) stopped();
    child.stdout.on('data', text => (out += text));
    child.stderr.on('data', text => (said += text));
    const end = (error?: Error, code?: number | null) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stopped);
      if (code === 0 && !why) resolve(out);
      else reject(new Error(why || error?.message || lastLine(said) || `${file} ended with ${code}`));
    };
    child.on('error', end);
    child.on('close', code => end(undefined, code));
  });
}

function endAll(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null) return;
  if (WINDOWS) spawn('taskkill', ['/pid', String(child.pid), '/t', '/f']);
  else process.kill(-child.pid, 'SIGKILL');
}

function lastLine(said: string): string | undefined {
  const lines = said.split('\n').map(line => line.trim()).filter(Boolean);
  return lines.findLast(line => /error/i.test(line)) ?? lines.at(-1);
}
