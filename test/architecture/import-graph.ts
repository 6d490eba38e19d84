/** The imports among the files of this repository as a graph, and what is wrong with its shape. Pure: takes sources. */
import { posix } from 'node:path';

/** Every module name that a source imports, exports from or requires, in any of the forms of JavaScript. */
export function importsOf(source: string): string[] {
  const forms = [
    /^\s*(?:import|export)\b[^;'"]*?\bfrom\s*['"]([^'"]+)['"]/gm,
    /^\s*import\s*['"]([^'"]+)['"]/gm,
    /\bimport\s*\(\s*['"]([^'"]+)['"]/g,
    /\brequire\s*\(\s*['"]([^'"]+)['"]/g,
  ];
  return forms.flatMap((form) => [...source.matchAll(form)].map(([, name]) => name ?? ''));
}

/** For each file, by its path from the root with slashes, the files of the repository that it imports. Types count. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

export function importGraph(sources: ReadonlyMap<string, string>): ImportGraph {
  return new Map(
    [...sources].map(([file, source]) => {
      const targets = importsOf(source)
        .filter((name) => name.startsWith('.'))
        .map((name) => posix.join(posix.dirname(file), name))
        .filter((target) => sources.has(target));
      return [file, [...new Set(targets)]] as const;
    }),
  );
}

/** One sentence for each circle of imports among files. */
export function fileCircles(graph: ImportGraph): string[] {
  return circles(graph).map((circle) => `Files import each other in a circle: ${around(circle)}.`);
}

/**
 * One sentence for each circle among folders; a folder is the files directly in it. Names the imports that close the
 * circle.
 */
export function folderCircles(graph: ImportGraph): string[] {
  const folders = new Map<string, Map<string, string>>();
  for (const [file, targets] of graph) {
    const from = posix.dirname(file);
    const imports = folders.get(from) ?? new Map<string, string>();
    folders.set(from, imports);
    for (const target of targets) {
      const to = posix.dirname(target);
      if (to !== from && !imports.has(to)) imports.set(to, `${file} imports ${target}`);
    }
  }
  const byFolder = new Map([...folders].map(([folder, imports]) => [folder, [...imports.keys()]] as const));
  return circles(byFolder).map((circle) => {
    const steps = circle.map((folder, at) => {
      const next = circle[(at + 1) % circle.length] ?? '';
      return folders.get(folder)?.get(next) ?? `${folder} imports ${next}`;
    });
    return `Folders import each other in a circle (${around(circle)}): ${steps.join('; ')}.`;
  });
}

/** One sentence for each folder that has sub-folders and more than `most` files beside them. */
export function looseFiles(files: readonly string[], most: number): string[] {
  const loose = new Map<string, string[]>();
  for (const file of files) {
    const folder = posix.dirname(file);
    loose.set(folder, [...(loose.get(folder) ?? []), posix.basename(file)]);
  }
  return [...loose]
    .filter(([folder, names]) => names.length > most && files.some((file) => isBelow(file, folder)))
    .map(
      ([folder, names]) =>
        `${folder} has sub-folders and ${names.length} files beside them, more than ${most}: ${names.sort().join(', ')}.`,
    );
}

/** Everything that can be reached from these files by imports, themselves included. */
export function reachableFrom(graph: ImportGraph, starts: readonly string[]): Set<string> {
  const seen = new Set(starts);
  const open = [...starts];
  for (let file = open.pop(); file !== undefined; file = open.pop())
    for (const target of graph.get(file) ?? [])
      if (!seen.has(target)) {
        seen.add(target);
        open.push(target);
      }
  return seen;
}

function isBelow(file: string, folder: string): boolean {
  return file.startsWith(`${folder}/`) && file.slice(folder.length + 1).includes('/');
}

function around(circle: readonly string[]): string {
  return [...circle, circle[0]].join(' → ');
}

/** A shortest circle in each knot of nodes that can all reach each other. */
function circles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const taken = new Set<string>();
  const found: string[][] = [];
  for (const start of [...graph.keys()].sort()) {
    if (taken.has(start)) continue;
    const circle = shortestCircle(graph, start);
    if (circle === undefined) continue;
    found.push(circle);
    for (const node of knotOf(graph, start)) taken.add(node);
  }
  return found;
}

function shortestCircle(graph: ReadonlyMap<string, readonly string[]>, start: string): string[] | undefined {
  const before = new Map<string, string>();
  const queue = [start];
  for (let node = queue.shift(); node !== undefined; node = queue.shift())
    for (const next of graph.get(node) ?? []) {
      if (next === start) {
        const way = [node];
        for (let at = before.get(node); at !== undefined; at = before.get(at)) way.unshift(at);
        return way;
      }
      if (before.has(next) || !graph.has(next)) continue;
      before.set(next, node);
      queue.push(next);
    }
  return undefined;
}

/** The nodes from which `start` is reached and which it reaches. */
function knotOf(graph: ReadonlyMap<string, readonly string[]>, start: string): string[] {
  return [...reachableFrom(graph, [start])].filter((node) => reachableFrom(graph, [node]).has(start));
}
