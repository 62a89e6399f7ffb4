// Today's cost for the status item: asked for when there was a suggestion since, a few times a minute at most.
import * as vscode from 'vscode';
import type { Server } from './server.ts';
import type { Status } from './status.ts';

const EVERY_MS = 15_000;

/** The part of the answer of `orchestra.top` that is used here; dollars. */
interface Top {
  value: { costToday: number; budget: number | null };
}

export function costToday(status: Status, server: Server, log: vscode.LogOutputChannel): vscode.Disposable {
  let last: string | undefined;
  const look = async () => {
    const id = status.seen.last?.id;
    if (id === last || status.seen.phase !== 'running') return;
    last = id;
    const client = await server.client();
    const top = await client?.sendRequest<Top>('workspace/executeCommand', { command: 'orchestra.top', arguments: [{ show: false }] });
    if (top) status.show({ cost: dollars(top.value) });
  };
  // Without a store there are no figures; then the hover has none.
  const timer = setInterval(() => look().catch(error => log.debug(`no cost of today: ${error}`)), EVERY_MS);
  return new vscode.Disposable(() => clearInterval(timer));
}

function dollars({ costToday, budget }: Top['value']): string {
  return `$${costToday.toFixed(2)}${budget === null ? '' : ` of $${budget.toFixed(2)}`}`;
}
