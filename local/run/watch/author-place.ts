/** Finds the line of the author's own file in a stack, past those of Node, of packages and of this project. */
import { isAbsolute, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { INSTALLATION } from '../project/installation.ts';

/** What runs workers: a fault that shows there began in a worker. */
const OURS = ['local/', 'shared/', 'relay/', 'dist/', 'functions/workers/kit/', 'functions/workers/hosts/'];
const OUR_FILES = ['functions/main.ts', 'functions/invocation-spans.ts'];

const FRAME = /(?:\(|\bat (?:async )?)((?:file:\/\/|\/|[A-Za-z]:[\\/]).*):(\d+):(\d+)\)?$/;

/** The first place in a stack (`Error.stack`, source maps applied) that is the author's; undefined where none is. */
export function placeIn(stack: string): string | undefined {
  for (const line of stack.split('\n')) {
    const [, file, row, column] = FRAME.exec(line) ?? [];
    if (file === undefined) continue;
    const place = placeOf(file, Number(row), Number(column));
    if (place !== undefined) return place;
  }
  return undefined;
}

/** `row` and `column` count from 1. Undefined for a file that is not the author's. */
export function placeOf(file: string, row: number, column: number): string | undefined {
  const path = file.startsWith('file://') ? fileURLToPath(file) : file;
  if (!isAbsolute(path) || path.split(/[\\/]/).includes('node_modules')) return undefined;
  const inside = slashed(relative(INSTALLATION, path));
  if (OURS.some((folder) => inside.startsWith(folder)) || OUR_FILES.includes(inside)) return undefined;
  const shown = relative(process.cwd(), path);
  return `${shown.startsWith('..') || isAbsolute(shown) ? path : slashed(shown)}:${row}:${column}`;
}

function slashed(path: string): string {
  return join(path).replaceAll('\\', '/');
}
