// Which server to start: the first that is there of setting, interpreter, the environment made by us, and the PATH.
import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import { NEEDED, type Interpreter, isNewEnough, probe } from './python.ts';

export const MODULE = 'orchestra_lsp.server.door';
const PROGRAM = 'orchestra-lsp';

/** What the person and the editor say about the server. */
export interface Wishes {
  command: readonly string[];
  interpreter: string;
  /** Python that the editor has picked for this workspace; never of a folder that is not trusted. */
  active?: string;
  /** Folder of the environment that we make on consent. */
  managed: string;
  /** A folder without Python files, where interpreters are tried. */
  safe: string;
}

export interface Machine {
  path: string;
  windows: boolean;
}

export interface Found {
  command: string;
  args: string[];
  from: string;
}

/** No server; `python` can make an environment for one. */
export interface Missing {
  problem: string;
  python?: Interpreter;
}

export async function findServer(wishes: Wishes, machine: Machine): Promise<Found | Missing> {
  if (wishes.command.length) return fromCommand(wishes.command, machine);
  if (wishes.interpreter) return fromInterpreter(wishes.interpreter, wishes, machine);
  for (const [python, from] of [
    [wishes.active, 'the interpreter of this workspace'],
    [pythonOf(wishes.managed, machine), 'the environment made by this extension'],
  ] as const) {
    const found = python && (await isThere(python)) ? await probe(python, wishes.safe) : undefined;
    if (found?.server && isNewEnough(found)) return { ...started(found.path), from };
  }
  const program = await onPath(PROGRAM, machine);
  if (program) return { command: program, args: [], from: 'the PATH' };
  return missing(wishes, machine);
}

/** Where the interpreter of an environment is. */
export function pythonOf(environment: string, machine: Pick<Machine, 'windows'>): string {
  return machine.windows ? path.join(environment, 'Scripts', 'python.exe') : path.join(environment, 'bin', 'python');
}

/** A program's full path. Relative entries of the PATH are left out: they would mean the folder that is open. */
export async function onPath(name: string, machine: Machine): Promise<string | undefined> {
  const endings = machine.windows ? ['.exe', '.cmd', '.bat'] : [''];
  for (const folder of machine.path.split(machine.windows ? ';' : ':').filter(one => path.isAbsolute(one))) {
    for (const ending of endings) {
      const program = path.join(folder, name + ending);
      if (await isThere(program)) return program;
    }
  }
  return undefined;
}

async function fromCommand([program, ...args]: readonly string[], machine: Machine): Promise<Found | Missing> {
  const command = path.isAbsolute(program) ? program : await onPath(program, machine);
  if (command && (await isThere(command))) return { command, args, from: 'the setting orchestra.client.command' };
  return { problem: `The setting orchestra.client.command names ${program}, which is not there.` };
}

async function fromInterpreter(interpreter: string, wishes: Wishes, machine: Machine): Promise<Found | Missing> {
  const setting = `The setting orchestra.client.interpreter names ${interpreter}`;
  const program = path.isAbsolute(interpreter) ? interpreter : await onPath(interpreter, machine);
  const found = program && (await isThere(program)) ? await probe(program, wishes.safe) : undefined;
  if (!found) return { problem: `${setting}, which is not there or is no Python.` };
  if (!isNewEnough(found)) return { problem: `${setting}, which is Python ${found.version.join('.')}; ${NEEDED.join('.')} is needed.` };
  if (!found.server) return { problem: `${setting}, where the server is not installed: ${found.path} -m pip install orchestra-lsp` };
  return { ...started(found.path), from: 'the setting orchestra.client.interpreter' };
}

/** `-P`: the folder that is open is not where Python looks for modules. */
function started(python: string): Pick<Found, 'command' | 'args'> {
  return { command: python, args: ['-P', '-m', MODULE] };
}

async function missing(wishes: Wishes, machine: Machine): Promise<Missing> {
  const names = machine.windows ? ['python', 'py'] : ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python'];
  const programs = [wishes.active, ...(await Promise.all(names.map(name => onPath(name, machine))))];
  let old: Interpreter | undefined;
  for (const program of new Set(programs.filter(one => one !== undefined))) {
    const found = await probe(program, wishes.safe);
    if (found && isNewEnough(found)) return { problem: 'The server of Orchestra LSP is not installed.', python: found };
    old ??= found;
  }
  const needed = `Orchestra LSP needs Python ${NEEDED.join('.')} or newer`;
  return { problem: old ? `${needed}; ${old.path} is ${old.version.join('.')}.` : `${needed}; none was found on the PATH.` };
}

function isThere(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
