// The item in the status bar. It shows what it is given; it asks for nothing.
import * as vscode from 'vscode';
import { type Seen, details, isBad, label } from './words.ts';

export class Status implements vscode.Disposable {
  readonly #item = vscode.window.createStatusBarItem('orchestra', vscode.StatusBarAlignment.Right, 100);
  #seen: Seen = { phase: 'looking', paused: false };

  constructor() {
    this.#item.name = 'Orchestra LSP';
    this.#item.command = 'orchestraLsp.client.menu';
    this.show({});
    this.#item.show();
  }

  get seen(): Seen {
    return this.#seen;
  }

  show(news: Partial<Seen>): void {
    this.#seen = { ...this.#seen, ...news };
    this.#item.text = label(this.#seen);
    this.#item.tooltip = new vscode.MarkdownString(details(this.#seen), true);
    this.#item.backgroundColor = isBad(this.#seen) ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
    this.#item.accessibilityInformation = { label: `Orchestra LSP: ${label(this.#seen).replace(/\$\([^)]*\) /, '')}`, role: 'button' };
  }

  dispose(): void {
    this.#item.dispose();
  }
}
