// The settings that the person has set, and only those: an editor's defaults would override the person's own settings file.

/** What `WorkspaceConfiguration.inspect` says of one setting. */
export interface Inspected {
  globalValue?: unknown;
  workspaceValue?: unknown;
  workspaceFolderValue?: unknown;
}

export type Tree = { [key: string]: unknown };

/** `names` are dotted, without `orchestra.`; the answer is the tree of them. */
export function whatWasSet(names: readonly string[], inspect: (name: string) => Inspected | undefined): Tree {
  const tree: Tree = {};
  for (const name of names) {
    const found = inspect(name);
    const value = found?.workspaceFolderValue ?? found?.workspaceValue ?? found?.globalValue;
    if (value !== undefined && value !== null) put(tree, name.split('.'), value);
  }
  return tree;
}

function put(tree: Tree, [first, ...rest]: string[], value: unknown): void {
  if (rest.length) put((tree[first] ??= {}) as Tree, rest, value);
  else tree[first] = value;
}
