// The language client: the standard one, with what our server wants of this editor.
import * as vscode from 'vscode';
import { CloseAction, ErrorAction, LanguageClient, type LanguageClientOptions, type Middleware } from 'vscode-languageclient/node';
import { Crashes } from './crashes.ts';
import type { Found } from './find.ts';
import { withAnswers } from './inputs.ts';
import { whatWasSet } from './settings.ts';
import type { Status } from './status.ts';
import type { Last, Told } from './words.ts';

const SECTION = 'orchestra';
const OWN = 'client.'; // settings of this extension, of which the server knows nothing
const DOCUMENTS = [{ scheme: 'file' }, { scheme: 'untitled' }];

/** What the client is made with; all of it outlives the client. */
export interface Parts {
  status: Status;
  log: vscode.LogOutputChannel;
  /** Names of all settings in package.json, without `orchestra.`. */
  settings: readonly string[];
  /** The folder the server runs in: not the one that is open, from where a program could be taken. */
  folder: string;
  /** It ended too often. */
  gaveUp: () => void;
}

export function makeClient(found: Found, parts: Parts): LanguageClient {
  const run = { command: found.command, args: found.args, options: { cwd: parts.folder } };
  const client: LanguageClient = new QuietClient(SECTION, 'Orchestra LSP', run, {
    documentSelector: DOCUMENTS,
    outputChannel: parts.log,
    diagnosticPullOptions: { onChange: true, onFocus: true },
    progressOnInitialization: false,
    initializationFailedHandler: () => false, // the errorHandler decides
    errorHandler: errorHandler(parts),
    middleware: middleware(parts, () => client),
  } satisfies LanguageClientOptions);
  client.registerFeature({
    fillClientCapabilities: able => (able.experimental = { ...able.experimental, orchestra: { status: true, inlineCompletionReady: true } }),
    initialize: () => {},
    getState: () => ({ kind: 'static' }),
    clear: () => {},
  });
  client.onNotification('orchestra/status', (told: Told) => parts.status.show({ told }));
  client.onNotification('orchestra/inlineCompletionReady', ({ uri }: { uri?: string }) => askAgain(uri));
  return client;
}

/** The library tells every failed start in a message of its own; they would pile up and cover ours. They are in the log. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
}

function middleware(parts: Parts, client: () => LanguageClient): Middleware {
  return {
    async provideInlineCompletionItems(document, position, context, token, next) {
      if (parts.status.seen.paused) return [];
      const began = performance.now();
      const offered = await next(document, position, context, token);
      const last = lastOf(offered, performance.now() - began);
      if (last) parts.status.show({ last });
      return offered;
    },
    // The list has the same suggestions as the ghost text, and would cover it: it is for those who have no ghost text.
    provideCompletionItem: (document, position, context, token, next) =>
      parts.status.seen.paused || showsGhostText(document) ? undefined : next(document, position, context, token),
    async executeCommand(command, args, next) {
      const given = await withAnswers(command, args[0] ?? {}, parts.status.seen.told?.tools ?? []);
      if (!given) return undefined;
      try {
        return await next(command, [given]);
      } catch (error) {
        if (!(error instanceof vscode.CancellationError)) void vscode.window.showErrorMessage((error as Error).message);
        return undefined;
      }
    },
    workspace: {
      configuration: async ({ items }) => items.map(({ section }) => (section === SECTION ? settings(parts.settings) : null)),
      didChangeConfiguration: () => client().sendNotification('workspace/didChangeConfiguration', { settings: null }),
    },
    window: {
      async showDocument(params, token, next) {
        // What the server writes for reading is Markdown in a folder of its own.
        if (!/\/orchestra-[^/]+\/[^/]+\.md$/.test(params.uri)) return next(params, token);
        await vscode.commands.executeCommand('markdown.showPreview', vscode.Uri.parse(params.uri));
        return { success: true };
      },
    },
  };
}

function showsGhostText(document: vscode.TextDocument): boolean {
  return vscode.workspace.getConfiguration('editor', document).get('inlineSuggest.enabled', true);
}

function settings(names: readonly string[]): object {
  const configuration = vscode.workspace.getConfiguration(SECTION);
  return whatWasSet(
    names.filter(name => !name.startsWith(OWN)),
    name => configuration.inspect(name),
  );
}

function errorHandler({ status, log, gaveUp }: Parts): LanguageClientOptions['errorHandler'] {
  const crashes = new Crashes();
  return {
    error: () => ({ action: ErrorAction.Continue, handled: true }),
    async closed() {
      const wait = crashes.next(Date.now());
      if (wait === undefined) {
        gaveUp();
        return { action: CloseAction.DoNotRestart, handled: true };
      }
      log.warn(`the server ended by itself, time ${crashes.count} in three minutes; it is started again in ${wait} ms`);
      status.show({ phase: 'starting', told: undefined });
      await new Promise(done => setTimeout(done, wait));
      return { action: CloseAction.Restart, handled: true };
    },
  };
}

function lastOf(offered: vscode.InlineCompletionItem[] | vscode.InlineCompletionList | null | undefined, ms: number): Last | undefined {
  const items = Array.isArray(offered) ? offered : offered?.items;
  const told = items?.[0]?.command?.arguments?.[0] as { id: string; tool: string; confidence?: number } | undefined;
  return told?.tool ? { ...told, ms } : undefined;
}

/** A better suggestion has come in: show it, if its document is the one in front. */
function askAgain(uri: string | undefined): void {
  const here = vscode.window.activeTextEditor?.document.uri.toString();
  if (uri && here === vscode.Uri.parse(uri).toString()) void vscode.commands.executeCommand('editor.action.inlineSuggest.trigger');
}
