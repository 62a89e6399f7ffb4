// What the status item says, as text.

export interface Tool {
  name: string;
  state: 'ready' | 'degraded' | 'down' | 'signed out' | 'off';
  reason: string;
  remedy: string;
}

/** `orchestra/status`. */
export interface Told {
  tools: Tool[];
  busy: boolean;
  message: string;
}

/** The last suggestion that was offered. */
export interface Last {
  id: string;
  tool: string;
  confidence?: number;
  /** From the editor's request to the answer. */
  ms: number;
}

export type Phase = 'looking' | 'starting' | 'running' | 'missing' | 'stopped';

export interface Seen {
  phase: Phase;
  /** Why there is no server. */
  problem?: string;
  paused: boolean;
  told?: Told;
  last?: Last;
  /** As the server writes it, for instance "$0.42". */
  cost?: string;
}

export function label(seen: Seen): string {
  return `$(${icon(seen)}) ${said(seen)}`;
}

export function isBad(seen: Seen): boolean {
  return seen.phase === 'missing' || seen.phase === 'stopped' || ill(seen).length > 0;
}

/** Markdown for the hover. */
export function details(seen: Seen): string {
  const parts = [headline(seen)];
  if (seen.phase === 'running') {
    if (seen.told?.tools.length) parts.push(table(seen.told.tools));
    if (seen.last) parts.push(`Last suggestion: **${cell(seen.last.tool)}** in ${ms(seen.last.ms)}${sure(seen.last)}`);
    if (seen.cost) parts.push(`Cost today: ${seen.cost}`);
  }
  return [...parts, 'Click for the menu.'].join('\n\n');
}

function said(seen: Seen): string {
  if (seen.phase === 'missing') return 'Orchestra: no server';
  if (seen.phase === 'stopped') return 'Orchestra: stopped';
  if (seen.phase !== 'running') return 'Orchestra';
  if (seen.paused) return 'Orchestra: paused';
  const bad = ill(seen);
  if (bad.length) return `${bad.map(tool => `${tool.name} ${tool.state}`).join(', ')}`;
  return seen.last ? `${seen.last.tool} ${ms(seen.last.ms)}` : 'Orchestra';
}

function icon(seen: Seen): string {
  if (seen.phase === 'missing' || seen.phase === 'stopped') return 'error';
  if (seen.phase !== 'running') return 'loading~spin';
  if (seen.paused) return 'debug-pause';
  if (seen.told?.busy) return 'sync~spin';
  return ill(seen).length ? 'warning' : 'sparkle';
}

function headline(seen: Seen): string {
  if (seen.problem) return `**Orchestra LSP**: ${seen.problem}`;
  if (seen.paused) return '**Orchestra LSP**: suggestions are paused in this window';
  if (seen.phase !== 'running') return '**Orchestra LSP** is starting';
  return `**Orchestra LSP**: ${cell(seen.told?.message || 'ready')}`;
}

function table(tools: Tool[]): string {
  const rows = tools.map(tool => `| ${[tool.name, tool.state, why(tool)].map(cell).join(' | ')} |`);
  return ['| tool | state | |', '|---|---|---|', ...rows].join('\n');
}

function why(tool: Tool): string {
  return tool.state === 'ready' ? '' : [tool.reason, tool.remedy].filter(Boolean).join('; ');
}

function ill(seen: Seen): Tool[] {
  return (seen.told?.tools ?? []).filter(tool => tool.state === 'down' || tool.state === 'signed out');
}

function ms(time: number): string {
  return time < 1000 ? `${Math.round(time)} ms` : `${(time / 1000).toFixed(1)} s`;
}

function sure(last: Last): string {
  return last.confidence === undefined ? '' : `, confidence ${Math.round(last.confidence * 100)} %`;
}

function cell(text: string): string {
  return text.replace(/[\\|`*_<>[\]]/g, '\\$&').replace(/\s+/g, ' ');
}
