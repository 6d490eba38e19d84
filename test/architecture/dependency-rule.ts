/** Which part of the product may import what. Pure: takes sources, gives sentences about breaches. */
import { posix } from 'node:path';
import { importsOf } from './import-graph.ts';

interface Rule {
  /** The folder that the rule is about; of several that fit, the longest path counts. */
  readonly folder: string;
  /** Files (or folders, with a slash at the end) of this repository that may be imported, besides the folder itself. */
  readonly files: readonly string[];
  readonly packages: (name: string) => boolean;
  readonly rule: string;
}

/**
 * What the emulators may share with the product: contracts that are ours, audio, and RFC 6455. Nothing that reads or
 * writes a format of Microsoft: what the product believes about Azure must not be what its emulator believes.
 */
const OUR_CONTRACTS = [
  'shared/audio/',
  'shared/base/',
  'shared/call/',
  'shared/web-socket/',
  'shared/wire/names.ts',
  'shared/wire/call/',
  'shared/wire/lane/',
  'shared/wire/signed/ticket.ts',
];

const anything = (): boolean => true;
const nothing = (): boolean => false;
const only =
  (...names: readonly string[]) =>
  (name: string): boolean =>
    names.some((allowed) => (allowed.endsWith(':') ? name.startsWith(allowed) : name === allowed));

const RULES: readonly Rule[] = [
  {
    folder: 'shared/audio/',
    files: [],
    packages: nothing,
    rule: 'shared/audio imports nothing outside itself',
  },
  {
    folder: 'shared/call/',
    files: ['shared/audio/'],
    packages: nothing,
    rule: 'shared/call imports only itself and shared/audio',
  },
  {
    folder: 'shared/base/',
    files: [],
    packages: only('zod', '@opentelemetry/api', 'node:'),
    rule: 'shared/base imports nothing of this project outside itself',
  },
  {
    folder: 'shared/wire/',
    files: ['shared/audio/', 'shared/base/', 'shared/call/'],
    packages: only('zod', 'jose'),
    rule: 'shared/wire imports only shared/audio, shared/base, shared/call, zod and jose',
  },
  {
    folder: 'shared/settings/',
    files: ['shared/base/', 'shared/wire/signed/'],
    packages: only('zod'),
    rule: 'shared/settings imports only shared/base, shared/wire/signed and zod',
  },
  {
    folder: 'shared/client/',
    files: ['shared/base/', 'shared/wire/'],
    packages: nothing,
    rule: 'shared/client imports only shared/base and shared/wire, so that it runs anywhere',
  },
  {
    folder: 'shared/web-socket/',
    files: ['shared/base/'],
    packages: only('node:'),
    rule: 'shared/web-socket imports only shared/base and Node itself',
  },
  {
    folder: 'shared/web-pubsub/',
    files: ['shared/base/', 'shared/settings/', 'shared/web-socket/', 'shared/wire/names.ts'],
    packages: only('@azure/web-pubsub', 'node:'),
    rule: 'shared/web-pubsub imports only shared/base, shared/settings, shared/web-socket, the names, its SDK and Node',
  },
  {
    folder: 'functions/control/call/',
    files: ['shared/audio/', 'shared/call/', 'shared/wire/names.ts'],
    packages: nothing,
    rule: 'functions/control/call is pure: it imports only itself, shared/call, shared/audio and the names',
  },
  {
    folder: 'functions/control/',
    files: ['shared/'],
    packages: anything,
    rule: 'functions/control imports only itself and shared',
  },
  {
    folder: 'functions/workers/kit/',
    files: ['shared/'],
    packages: anything,
    rule: 'the kit imports only itself and shared',
  },
  {
    folder: 'functions/workers/samples/',
    files: ['functions/workers/kit/'],
    packages: nothing,
    rule: 'a sample worker imports only the kit, as the worker of a user does',
  },
  {
    folder: 'functions/workers/',
    files: ['shared/'],
    packages: anything,
    rule: 'functions/workers imports only itself and shared',
  },
  {
    folder: 'functions/',
    files: ['shared/'],
    packages: anything,
    rule: 'functions imports only itself and shared',
  },
  {
    folder: 'relay/',
    files: ['shared/'],
    packages: anything,
    rule: 'relay imports only itself and shared',
  },
  {
    folder: 'local/phone/',
    files: OUR_CONTRACTS,
    packages: anything,
    rule: 'the telephones know nothing of the emulators that use them',
  },
  {
    folder: 'local/emulators/web-pubsub/',
    files: ['local/emulators/common/', ...OUR_CONTRACTS],
    packages: anything,
    rule: 'the Web PubSub emulator shares nothing with other emulators or the product but what emulators may share',
  },
  {
    folder: 'local/emulators/acs/',
    files: ['local/emulators/common/', 'local/emulators/event-grid/', 'local/phone/', ...OUR_CONTRACTS],
    packages: anything,
    rule: 'the ACS emulator knows Event Grid and telephones, and of the product only what emulators may share',
  },
  {
    folder: 'local/',
    files: ['scripts/build.ts', ...OUR_CONTRACTS],
    packages: anything,
    rule: 'local shares nothing with the product but what emulators may share',
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
  return [rule.folder, ...rule.files].some(
    (allowed) => target === allowed || (allowed.endsWith('/') && target.startsWith(allowed)),
  );
}

const AMBIENT =
  /\b(Date\.now|new Date\(\)|performance\.|setTimeout|setInterval|setImmediate|queueMicrotask|Math\.random|AbortSignal\.timeout|systemClock|randomUUID|randomBytes|crypto\.|process\.[a-z]|fetch\()/;

/**
 * One sentence for each line of a pure file that reads a clock, a timer, chance or the environment by a global name.
 */
export function ambientUsesOf(file: string, source: string): string[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '));
  return code.split('\n').flatMap((line, index) => {
    const found = AMBIENT.exec(line.replace(/\/\/.*$/, ''));
    return found === null
      ? []
      : [`${file}:${index + 1} uses ${found[1]}, but here time and chance are parameters.`];
  });
}
