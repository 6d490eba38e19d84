import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { MODULES } from '../../scripts/package/pack.ts';
import { fileCircles, folderCircles, type ImportGraph, importGraph, looseFiles } from './import-graph.ts';
import { usedOnce } from './shared-users.ts';
import { BUILDINGS, climbs } from './storeys.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const PARTS = ['functions', 'shared', 'relay', 'local', 'web', 'scripts', 'bench', 'examples'];

/** Every source of the repository but its tests. */
const sources: ReadonlyMap<string, string> = new Map(
  PARTS.flatMap((part) => globSync(`${part}/**/*.{ts,tsx}`, { cwd: ROOT }))
    .map((file) => file.replaceAll('\\', '/'))
    .map((file) => [file, readFileSync(`${ROOT}/${file}`, 'utf8')] as const),
);

const graph = importGraph(sources);

describe('the folders', () => {
  it('were found, with the imports among them', () => {
    expect(sources.size).toBeGreaterThan(400);
    expect([...graph.values()].flat().length).toBeGreaterThan(1_000);
  });

  it('hold no circle of imports among files, types included', () => {
    expect(fileCircles(graph)).toEqual([]);
  });

  it('hold no circle of imports among folders, types included', () => {
    expect(folderCircles(graph)).toEqual([]);
  });

  it.each(BUILDINGS)('of $folder are storeys, and imports only descend', (building) => {
    expect(climbs(graph, building)).toEqual([]);
  });

  it('that have sub-folders hold at most three files beside them', () => {
    expect(looseFiles([...sources.keys()], 3)).toEqual([]);
  });

  it('below shared/ hold only what two processes use', () => {
    expect(usedOnce(graph)).toEqual([]);
  });
});

describe('a module', () => {
  const INSTALLATION = 'local/run/project/installation.ts';
  /** What the package has in chunks, whose addresses are others. */
  const packed = [...sources].filter(([file]) => /^(functions|local|relay|shared)\//.test(file));

  it('finds files by their path from the root, since its own address is another one in the package', () => {
    const found = packed.filter(([file, source]) => file !== INSTALLATION && /\bimport\.meta\b/.test(source));
    expect(found.map(([file]) => file)).toEqual([]);
  });

  it('is in the package if another one starts it', () => {
    const started = [...sources.values()].flatMap((source) =>
      [...source.matchAll(/moduleFile\(\s*'([^']+)'/g)].map(([, name = '']) => name),
    );
    expect(started.length).toBeGreaterThan(5);
    const missing = started.filter((name) => !MODULES.includes(name) && name !== 'relay/main');
    expect(missing).toEqual([]);
  });
});

/** Calls that make a server listen at a port without the name of an interface: Node listens on all of them then. */
const listenersEverywhere = (source: string): string[] =>
  [...source.matchAll(/\.(?:listen|bind)\(([^()]*(?:\bport\b|\bports\.|^\d|^PORT)[^()]*)/gim)]
    .map(([call, args = '']) => ({ call, args }))
    .filter(({ args }) => !/host|127\.0\.0\.1|LOOPBACK/i.test(args))
    .map(({ call }) => call);

describe('a server', () => {
  it('names the interface on which it listens', () => {
    const found = [...sources].flatMap(([file, source]) =>
      listenersEverywhere(source).map((call) => `${file}: ${call}`),
    );
    expect(found).toEqual([]);
  });

  it('is found where it does not', () => {
    for (const call of [
      'server.listen(port, () => {',
      'server.listen({ port })',
      'x.listen(\n  ports.acs\n)',
    ])
      expect(listenersEverywhere(call), call).toHaveLength(1);
    expect(listenersEverywhere('server.listen(port, host, () => {')).toEqual([]);
    expect(listenersEverywhere("server.listen({ port, host: '127.0.0.1' })")).toEqual([]);
  });
});

/** `URL.pathname` of a file has `%20` for a space, and a slash before the drive of Windows. */
const namesFilesByUrl = (source: string): boolean =>
  /import\.meta\.url/.test(source) && /\.pathname\b/.test(source);

describe('a file that finds others by its own place', () => {
  it('makes a path of the URL by fileURLToPath, never by its pathname', () => {
    expect([...sources].filter(([, source]) => namesFilesByUrl(source)).map(([file]) => file)).toEqual([]);
    expect(namesFilesByUrl("const FILE = new URL('x', import.meta.url); mkdir(dirname(FILE.pathname))")).toBe(
      true,
    );
  });
});

/** Its help would not name what it reads. */
const COMMAND_LINES = 'shared/base/command-line.ts';

describe('a command', () => {
  it('reads its flags by the table that writes its help', () => {
    const others = [...sources].filter(
      ([file, source]) => file !== COMMAND_LINES && /\bparseArgs\b/.test(source),
    );
    expect(others.map(([file]) => file)).toEqual([]);
    expect(sources.get(COMMAND_LINES)).toMatch(/\bparseArgs\(/);
  });
});

const graphOf = (imports: Readonly<Record<string, readonly string[]>>): ImportGraph =>
  new Map(Object.entries(imports));

describe('the guardian', () => {
  it('names the files of a circle', () => {
    expect(
      fileCircles(graphOf({ 'a/x.ts': ['a/y.ts'], 'a/y.ts': ['a/z.ts'], 'a/z.ts': ['a/x.ts'] })),
    ).toEqual(['Files import each other in a circle: a/x.ts → a/y.ts → a/z.ts → a/x.ts.']);
  });

  it('names the imports that close a circle of folders, though no files are in one', () => {
    expect(
      folderCircles(graphOf({ 'a/x.ts': ['b/y.ts'], 'a/z.ts': [], 'b/y.ts': [], 'b/w.ts': ['a/z.ts'] })),
    ).toEqual([
      'Folders import each other in a circle (a → b → a): a/x.ts imports b/y.ts; b/w.ts imports a/z.ts.',
    ]);
  });

  it('takes a folder and its sub-folder for two folders', () => {
    expect(
      folderCircles(graphOf({ 'a/x.ts': ['a/b/y.ts'], 'a/b/y.ts': ['a/z.ts'], 'a/z.ts': [] })),
    ).toHaveLength(1);
    expect(folderCircles(graphOf({ 'a/x.ts': ['a/b/y.ts'], 'a/b/y.ts': [] }))).toEqual([]);
  });

  it('reports an import that climbs and a folder without a storey', () => {
    const building = { folder: 'relay', storeys: ['', 'serve', 'lane'] };
    const imports = graphOf({
      'relay/main.ts': ['relay/serve/a.ts'],
      'relay/serve/a.ts': ['relay/lane/b.ts'],
      'relay/lane/b.ts': ['relay/serve/a.ts', 'shared/c.ts'],
      'relay/attic/d.ts': [],
      'shared/c.ts': [],
    });
    expect(climbs(imports, building)).toEqual([
      'relay/lane/b.ts imports relay/serve/a.ts, but relay/serve is above relay/lane.',
      'relay/attic is not in the list of storeys of relay: add it in its place.',
    ]);
  });

  it('counts only files beside sub-folders as loose', () => {
    expect(looseFiles(['a/1.ts', 'a/2.ts', 'a/3.ts', 'a/4.ts'], 3)).toEqual([]);
    expect(looseFiles(['a/1.ts', 'a/2.ts', 'a/3.ts', 'a/4.ts', 'a/b/5.ts'], 3)).toEqual([
      'a has sub-folders and 4 files beside them, more than 3: 1.ts, 2.ts, 3.ts, 4.ts.',
    ]);
  });

  it('names the only process that uses a file of shared/', () => {
    const imports = graphOf({
      'relay/main.ts': ['shared/one.ts', 'shared/two.ts'],
      'functions/control/a.ts': ['shared/two.ts'],
      'shared/one.ts': [],
      'shared/two.ts': ['shared/three.ts'],
      'shared/three.ts': [],
    });
    expect(usedOnce(imports)).toEqual([
      'shared/one.ts is used by the relay alone: a file in shared/ serves two processes, one that serves one lives with it.',
    ]);
  });
});
