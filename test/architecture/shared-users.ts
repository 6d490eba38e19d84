/** Which processes use a file of shared/, by the imports that lead there. */
import { type ImportGraph, reachableFrom } from './import-graph.ts';

/** Where each process of the system begins. The kit of workers is part of two of them. */
const PROCESSES: Readonly<Record<string, readonly string[]>> = {
  'the control app': ['functions/control/', 'functions/app-role.ts'],
  'function workers': [
    'functions/workers/hosts/functions/',
    'functions/workers/samples/',
    'functions/workers/kit/',
    'functions/app-role.ts',
  ],
  'resident workers': [
    'functions/workers/hosts/resident/',
    'functions/workers/samples/',
    'functions/workers/kit/',
  ],
  'the relay': ['relay/'],
  'the page': ['web/'],
  'the emulators': ['local/emulators/', 'local/phone/'],
  'the command line': ['local/main.ts', 'local/run/', 'scripts/'],
};

/** One sentence for each file of shared/ that fewer than two processes use. */
export function usedOnce(graph: ImportGraph): string[] {
  const files = [...graph.keys()];
  const reached = Object.entries(PROCESSES).map(([process, starts]) => {
    const own = files.filter((file) => starts.some((start) => file.startsWith(start)));
    return { process, files: reachableFrom(graph, own) };
  });
  return files
    .filter((file) => file.startsWith('shared/'))
    .map((file) => ({
      file,
      users: reached.filter((each) => each.files.has(file)).map(({ process }) => process),
    }))
    .filter(({ users }) => users.length < 2)
    .map(
      ({ file, users: [user = 'no process'] }) =>
        `${file} is used by ${user} alone: a file in shared/ serves two processes, one that serves one lives with it.`,
    );
}
