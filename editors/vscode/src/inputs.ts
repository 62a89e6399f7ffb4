// What commands want to know before they begin; everything else they find out themselves.
import * as vscode from 'vscode';
import type { Tool } from './words.ts';

type Given = Record<string, unknown>;

/** Command -> the argument that a person types, and how it is asked for. */
const SENTENCES: Record<string, { name: string; prompt: string; optional: boolean }> = {
  'orchestra.change': { name: 'what', prompt: 'What should the agent change?', optional: false },
  'orchestra.rewrite': { name: 'instruction', prompt: 'What to do with it? Empty: make it simpler and clearer.', optional: true },
  'orchestra.ask-several': { name: 'instruction', prompt: 'What to do with it? Empty: make it simpler and clearer.', optional: true },
};
const TOOLS = ['orchestra.sign-in', 'orchestra.sign-out'];

/** The argument with what is missing; undefined: the person changed their mind. */
export async function withAnswers(command: string, given: Given, tools: readonly Tool[]): Promise<Given | undefined> {
  if (command === 'orchestra.accepted') return given;
  const sentence = SENTENCES[command];
  if (sentence && given[sentence.name] === undefined) {
    const said = await vscode.window.showInputBox({ prompt: sentence.prompt, ignoreFocusOut: true });
    if (said === undefined || (!said.trim() && !sentence.optional)) return undefined;
    return said.trim() ? { ...given, [sentence.name]: said.trim() } : given;
  }
  if (TOOLS.includes(command) && given.tool === undefined) {
    const picked = await vscode.window.showQuickPick(
      tools.map(tool => ({ label: tool.name, description: tool.state, detail: tool.state === 'ready' ? undefined : tool.remedy })),
      { placeHolder: 'Which tool?' },
    );
    return picked && { ...given, tool: picked.label };
  }
  return given;
}

/** The document in front and the selection, as the server's commands take them. */
export function subject(): Given {
  const editor = vscode.window.activeTextEditor;
  if (!editor || !['file', 'untitled'].includes(editor.document.uri.scheme)) return {};
  const place = ({ line, character }: vscode.Position) => ({ line, character });
  return { uri: editor.document.uri.toString(), range: { start: place(editor.selection.start), end: place(editor.selection.end) } };
}
