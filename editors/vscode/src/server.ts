// The life of the server: found, started, started again, and what the person is told when there is none.
import path from 'node:path';
import * as vscode from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import type { Parts } from './client.ts';
import { findServer, pythonOf, type Machine, type Missing } from './find.ts';
import { makeEnvironment } from './python.ts';
import type { Status } from './status.ts';

const INSTALL = 'Install it';
const SETTINGS = 'Open settings';
const RESTART = 'Start it again';
const LOG = 'Show the log';

const MACHINE: Machine = { path: process.env.PATH ?? '', windows: process.platform === 'win32' };

export class Server implements vscode.Disposable {
  private readonly context: vscode.ExtensionContext;
  private readonly status: Status;
  private readonly log: vscode.LogOutputChannel;
  #client: LanguageClient | undefined;
  #starting: Promise<void> | undefined;

  constructor(context: vscode.ExtensionContext, status: Status, log: vscode.LogOutputChannel) {
    this.context = context;
    this.status = status;
    this.log = log;
  }

  /** The running client; undefined when there is no server, of which the person has then been told. */
  async client(): Promise<LanguageClient | undefined> {
    await this.start();
    return this.#client;
  }

  start(): Promise<void> {
    return (this.#starting ??= this.#start().catch(error => this.#failed(error)));
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async stop(): Promise<void> {
    const client = this.#client;
    this.#client = this.#starting = undefined;
    this.status.show({ phase: 'looking', told: undefined, problem: undefined });
    // One that never ran cannot be stopped, and says so by an error.
    await client?.dispose(2000).catch(error => this.log.debug(`while stopping: ${error}`));
  }

  /** Make an environment of our own for the server; only ever called because the person said so. */
  async install(): Promise<void> {
    const missing = await this.#find(false);
    const python = 'problem' in missing ? missing.python : undefined;
    if (!python) {
      void vscode.window.showInformationMessage('problem' in missing ? missing.problem : `The server is there: ${missing.from}.`);
      return;
    }
    const requirement = `orchestra-lsp==${this.context.extension.packageJSON.version}`;
    const title = `Installing ${requirement}`;
    await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title, cancellable: true }, async (_, token) => {
      const stop = new AbortController();
      token.onCancellationRequested(() => stop.abort());
      await makeEnvironment(python.path, this.#managed, requirement, folder => pythonOf(folder, MACHINE), stop.signal);
    });
    await this.restart();
  }

  dispose(): Promise<void> {
    return this.stop();
  }

  get #managed(): string {
    return path.join(this.context.globalStorageUri.fsPath, 'server');
  }

  async #start(): Promise<void> {
    const found = await this.#find(true);
    if ('problem' in found) return this.#missing(found);
    this.log.info(`the server is started from ${found.from}: ${[found.command, ...found.args].join(' ')}`);
    this.status.show({ phase: 'starting', problem: undefined });
    const { makeClient } = await import('./client.ts'); // most of the code there is: not before it is needed
    const client = (this.#client = makeClient(found, this.#parts()));
    client.onDidChangeState(({ newState }) => newState === 2 && this.status.show({ phase: 'running', problem: undefined }));
    await client.start();
  }

  #parts(): Parts {
    const { properties } = this.context.extension.packageJSON.contributes.configuration;
    const settings = Object.keys(properties).map(name => name.replace(/^orchestra\./, ''));
    const { status, log } = this;
    return { status, log, settings, folder: this.context.extensionUri.fsPath, gaveUp: () => this.#gaveUp() };
  }

  async #find(active: boolean) {
    const wishes = vscode.workspace.getConfiguration('orchestra.client');
    return findServer(
      {
        command: wishes.get<string[]>('command', []),
        interpreter: wishes.get<string>('interpreter', ''),
        active: active && vscode.workspace.isTrusted ? await activePython() : undefined,
        managed: this.#managed,
        safe: this.context.extensionUri.fsPath,
      },
      MACHINE,
    );
  }

  async #missing({ problem, python }: Missing): Promise<void> {
    this.log.warn(problem);
    this.status.show({ phase: 'missing', problem });
    void this.#offer(`${problem} ${python ? 'It can be put into an environment of its own.' : ''}`.trim(), python ? [INSTALL, SETTINGS] : [SETTINGS]);
  }

  #gaveUp(): void {
    const problem = 'The server ended five times in three minutes and is not started any more.';
    this.log.error(problem);
    this.status.show({ phase: 'stopped', problem, told: undefined });
    void this.#offer(problem, [RESTART, LOG]);
  }

  #failed(error: unknown): void {
    this.log.error(`the server did not start: ${error}`);
    if (this.status.seen.phase === 'stopped') return; // told already
    const problem = `The server did not start: ${(error as Error).message ?? error}`;
    this.status.show({ phase: 'stopped', problem });
    void this.#offer(problem, [RESTART, LOG]);
  }

  async #offer(problem: string, choices: string[]): Promise<void> {
    const chosen = await vscode.window.showErrorMessage(problem, ...choices);
    if (chosen === LOG) this.log.show();
    if (chosen === RESTART) await this.restart();
    if (chosen === SETTINGS) await vscode.commands.executeCommand('workbench.action.openSettings', 'orchestra.client');
    if (chosen === INSTALL) await vscode.commands.executeCommand('orchestraLsp.client.install');
  }
}

/** The interpreter that the Python extension uses for the folder, where that extension is there. */
async function activePython(): Promise<string | undefined> {
  const extension = vscode.extensions.getExtension('ms-python.python');
  if (!extension) return undefined;
  const api = extension.isActive ? extension.exports : await extension.activate();
  return api?.environments?.getActiveEnvironmentPath?.(vscode.workspace.workspaceFolders?.[0]?.uri)?.path;
}
