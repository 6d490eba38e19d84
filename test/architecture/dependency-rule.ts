/** Which part of the product may import what. Pure: takes sources, gives sentences about breaches. */
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

interface Rule {
  /** The folder that the rule is about; of several that fit, the longest path counts. */
  readonly folder: string;
  /** Files (or folders, with a slash at the end) of this repository that may be imported, besides the folder itself. */
  readonly files: readonly string[];
  /** Exceptions from `files`. */
  readonly never?: string;
  readonly packages: (name: string) => boolean;
  readonly rule: string;
}

/** What the emulators may share with the product: the wire contracts that are ours, and RFC 6455, which is nobody's of the two. */
const OUR_CONTRACTS = [
  'shared/web-socket/',
  'shared/audio/audio-format.ts',
  'shared/call/plan.ts',
  'shared/wire/names.ts',
  'shared/wire/lane/',
  'shared/wire/call/plan-schema.ts',
  'shared/wire/call/routes-schema.ts',
  'shared/wire/signed/ticket.ts',
];

const anything = (): boolean => true;

const RULES: readonly Rule[] = [
  {
    folder: 'shared/audio/',
    files: [],
    packages: () => false,
    rule: 'shared/audio imports nothing outside itself',
  },
  {
    folder: 'shared/client/',
    files: ['shared/'],
    packages: () => false,
    rule: 'shared/client imports only shared',
  },
  {
    folder: 'functions/',
    files: ['shared/'],
    packages: anything,
    rule: 'functions imports only itself and shared',
  },
  { folder: 'relay/', files: ['shared/'], packages: anything, rule: 'relay imports only itself and shared' },
  {
    folder: 'local/emulators/web-pubsub/',
    files: ['local/', ...OUR_CONTRACTS],
    never: 'local/emulators/acs/',
    packages: anything,
    rule: 'the Web PubSub emulator knows nothing of the ACS emulator, nor of the product but our own contracts',
  },
  {
    folder: 'local/emulators/acs/',
    files: ['local/', ...OUR_CONTRACTS],
    never: 'local/emulators/web-pubsub/',
    packages: anything,
    rule: 'the ACS emulator knows nothing of the Web PubSub emulator, nor of the product but our own contracts',
  },
  {
    folder: 'local/',
    files: ['scripts/build.ts', ...OUR_CONTRACTS],
    packages: anything,
    rule: 'local shares nothing with the product but our own contracts',
  },
];

/** One sentence for each import of `file` that breaks the rule. `file` is the path from the root, with slashes. */
export function breachesOf(file: string, source: string): string[] {
  const rule = RULES.filter(({ folder }) => file.startsWith(folder)).sort(
    (a, b) => b.folder.length - a.folder.length,
  )[0];
  if (rule === undefined) return [];
  return importsOf(source)
    .filter((name) => !isAllowed(rule, file, name))
    .map((name) => `${file} imports "${name}", but ${rule.rule}.`);
}

function isAllowed(rule: Rule, file: string, name: string): boolean {
  if (!name.startsWith('.')) return rule.packages(name);
  const target = posix.join(posix.dirname(file), name);
  if (rule.never !== undefined && target.startsWith(rule.never)) return false;
  return [rule.folder, ...rule.files].some(
    (allowed) => target === allowed || (allowed.endsWith('/') && target.startsWith(allowed)),
  );
}

const AMBIENT =
  /\b(Date\.now|new Date\(\)|performance\.|setTimeout|setInterval|setImmediate|queueMicrotask|Math\.random|crypto\.|process\.|fetch\()/;

/** One sentence for each line of a core file that reads a clock, a timer, chance or the environment by a global name. */
export function ambientUsesOf(file: string, source: string): string[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '));
  return code.split('\n').flatMap((line, index) => {
    const found = AMBIENT.exec(line.replace(/\/\/.*$/, ''));
    return found === null
      ? []
      : [`${file}:${index + 1} uses ${found[1]}, but in shared/audio time and chance are parameters.`];
  });
}
