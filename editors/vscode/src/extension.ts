// Where VS Code comes in: puts the parts together. Nothing is waited for here, so that the editor starts no later for us.
import * as vscode from 'vscode';
import { costToday } from './cost.ts';
import { subject, withAnswers } from './inputs.ts';
import { chooseProfile, showMenu } from './menu.ts';
import { Server } from './server.ts';
import { Status } from './status.ts';

const PREFIX = 'orchestraLsp.';
const OWN = 'orchestraLsp.client.';

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel('Orchestra LSP', { log: true });
  const status = new Status();
  const server = new Server(context, status, log);
  context.subscriptions.push(log, status, server);
  registerOwn(context, { log, status, server });
  registerServers(context, server, status);
  context.subscriptions.push(
    vscode.workspace.onDidGrantWorkspaceTrust(() => server.restart()),
    vscode.workspace.onDidChangeConfiguration(event => event.affectsConfiguration('orchestra.client') && server.restart()),
    costToday(status, server, log),
  );
  startWithFirstDocument(context, server);
}

interface Parts {
  log: vscode.LogOutputChannel;
  status: Status;
  server: Server;
}

function registerOwn(context: vscode.ExtensionContext, { log, status, server }: Parts): void {
  const own: Record<string, () => unknown> = {
    menu: () => showMenu(status.seen),
    pause: () => status.show({ paused: !status.seen.paused }),
    profile: chooseProfile,
    restart: () => server.restart(),
    install: () => server.install(),
    settings: () => vscode.commands.executeCommand('workbench.action.openSettings', `@ext:${context.extension.id}`),
    showLog: () => log.show(),
  };
  for (const [name, act] of Object.entries(own)) {
    context.subscriptions.push(vscode.commands.registerCommand(OWN + name, act));
  }
}

/** The commands of the server, for the palette: package.json is generated from the server's own list. */
function registerServers(context: vscode.ExtensionContext, server: Server, status: Status): void {
  const listed = context.extension.packageJSON.contributes.commands as { command: string }[];
  for (const { command } of listed.filter(one => !one.command.startsWith(OWN))) {
    const name = command.replace(PREFIX, 'orchestra.');
    const act = async (extra: object = {}) => {
      const client = await server.client();
      const given = client && (await withAnswers(name, { ...subject(), ...extra }, status.seen.told?.tools ?? []));
      if (!given) return;
      await client.sendRequest('workspace/executeCommand', { command: name, arguments: [given] }).catch(error => {
        void vscode.window.showErrorMessage((error as Error).message);
      });
    };
    context.subscriptions.push(vscode.commands.registerCommand(command, act));
  }
}

/** A window without documents needs no server. */
function startWithFirstDocument(context: vscode.ExtensionContext, server: Server): void {
  const isOurs = ({ uri }: vscode.TextDocument) => uri.scheme === 'file' || uri.scheme === 'untitled';
  if (vscode.workspace.textDocuments.some(isOurs)) void server.start();
  else context.subscriptions.push(vscode.workspace.onDidOpenTextDocument(document => isOurs(document) && void server.start()));
}
