/** Settings as .NET sees them: branches and leaves, keys in lower case, lists as numbered branches. */
export type Tree = { [key: string]: Tree | string };

/** Adds a JSON document to the tree, keys in lower case, lists as numbered branches. */
export function graft(tree: Tree, document: unknown, problems: string[], where: string): void {
  if (document === undefined || document === null) return;
  if (typeof document !== 'object') {
    problems.push(`'${where}' must be an object`);
    return;
  }
  for (const [key, value] of Object.entries(document)) {
    const name = key.toLowerCase();
    if (typeof value !== 'object' || value === null) {
      if (value !== null) tree[name] = String(value);
      continue;
    }
    const branch = newTree();
    tree[name] = branch;
    graft(branch, value, problems, where === '' ? key : `${where}:${key}`);
  }
}

/** Adds one setting of the environment. */
export function plant(root: Tree, path: readonly string[], value: string): void {
  let tree = root;
  for (const [index, segment] of path.entries()) {
    const key = segment.toLowerCase();
    if (index === path.length - 1) {
      tree[key] = value;
      return;
    }
    const branch = subtree(tree[key]);
    tree[key] = branch;
    tree = branch;
  }
}

/** What is below a setting, where nothing is said of a single value. */
export function subtree(tree: Tree | string | undefined): Tree {
  return tree === undefined || typeof tree === 'string' ? newTree() : tree;
}

/** What is below a setting that holds others; nothing where it is absent. */
export function branchesOf(tree: Tree | string | undefined, where: string, problems: string[]): Tree {
  if (typeof tree === 'string') problems.push(`'${where}' must hold settings or a list, not a single value`);
  return subtree(tree);
}

/** The branches of a list in the order of their numbers. */
export function listed(tree: Tree): readonly (Tree | string)[] {
  return Object.entries(tree)
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, branch]) => branch);
}

/** Without a prototype: whatever a key is called, it is a key. */
export function newTree(): Tree {
  return Object.create(null) as Tree;
}
