// Runs Python interpreters: what they are, and the environment that we make for the server.
import { execFile } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';

/** The oldest Python the server runs on. */
export const NEEDED = [3, 11] as const;
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
    throw new Error(`${requirement} could not be installed: ${lastLine(error)}`);
  }
}

function run(file: string, args: string[], options: { cwd: string; timeout: number; signal?: AbortSignal }): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(file, args, { ...options, windowsHide: true }, (error, out, said) =>
      error ? reject(Object.assign(error, { said })) : resolve(out),
    );
    child.stdin?.end();
  });
}

/** What a failed program said last, or why it could not be run. */
function lastLine(error: unknown): string {
  const { said, message, killed } = error as { said?: string; message: string; killed?: boolean };
  const lines = (said ?? '').split('\n').map(line => line.trim()).filter(Boolean);
  return lines.findLast(line => /error/i.test(line)) ?? lines.at(-1) ?? (killed ? 'it took too long' : message);
}
