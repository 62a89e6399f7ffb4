// The menu of the status item.
import * as vscode from 'vscode';
import type { Seen } from './words.ts';

interface Entry extends vscode.QuickPickItem {
  command: string;
  argument?: object;
}

const PROFILES = {
  economy: 'price counts more',
  balanced: 'quality, time and price',
  quality: 'price and time count little',
};

export async function showMenu(seen: Seen): Promise<void> {
  const title = seen.problem ?? seen.told?.message ?? 'Orchestra LSP';
  const picked = await vscode.window.showQuickPick(entries(seen), { title: `Orchestra LSP: ${title}`, matchOnDescription: true });
  if (picked?.command) await vscode.commands.executeCommand(picked.command, picked.argument);
}

export async function chooseProfile(): Promise<void> {
  const route = vscode.workspace.getConfiguration('orchestra.route');
  const now = route.get<string>('profile');
  const items = Object.entries(PROFILES).map(([label, detail]) => ({ label, detail, description: label === now ? 'in use' : '' }));
  const picked = await vscode.window.showQuickPick(items, { placeHolder: 'What counts when tools are compared?' });
  if (picked) await route.update('profile', picked.label, vscode.ConfigurationTarget.Global);
}

function entries(seen: Seen): Entry[] {
  const log = { label: '$(output) Show the log', command: 'orchestraLsp.client.showLog' };
  const settings = { label: '$(gear) Settings', command: 'orchestraLsp.client.settings' };
  const restart = { label: '$(debug-restart) Start the server again', command: 'orchestraLsp.client.restart' };
  if (seen.phase !== 'running') {
    return [{ label: '$(cloud-download) Install the server', command: 'orchestraLsp.client.install' }, restart, settings, log];
  }
  return [
    seen.paused
      ? { label: '$(debug-start) Go on with suggestions', command: 'orchestraLsp.client.pause' }
      : { label: '$(debug-pause) Pause suggestions', description: 'in this window', command: 'orchestraLsp.client.pause' },
    { label: '$(dashboard) Profile\u2026', command: 'orchestraLsp.client.profile' },
    { label: '$(question) Why this suggestion?', command: 'orchestraLsp.why', argument: seen.last && { id: seen.last.id } },
    { label: '$(eye) What would be sent', description: 'secrets masked', command: 'orchestraLsp.mask' },
    { label: '$(pulse) Check settings and tools', command: 'orchestraLsp.doctor' },
    { label: '$(key) Sign in to a tool', command: 'orchestraLsp.sign-in' },
    { label: '$(graph) Usage and cost', command: 'orchestraLsp.stats' },
    { label: '$(tools) Tools at work', command: 'orchestraLsp.top' },
    restart,
    settings,
    log,
  ];
}
