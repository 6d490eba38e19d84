/**
 * `npm run bench -- walks [--list]`: how many functions and files of the product run for one frame, one reply, one
 * IncomingCall, one callback and one request of the API; and through how many a frame and a reply are passed on until
 * they are written to the next socket. `--list` names them.
 */

import { type Command, readArguments } from '../../shared/base/command-line.ts';
import { walkAudio } from './audio.ts';
import { walkControl } from './control.ts';
import type { Walk } from './coverage.ts';
import type { Hops } from './stack.ts';

const BENCH = {
  name: 'npm run bench',
  usage: 'walks [options]',
  about: 'Counts the functions that run on the ways of a frame, a reply and an event.',
  flags: { list: { type: 'boolean', default: false, help: 'names them' } },
} as const satisfies Command;

export async function run(args: readonly string[]): Promise<number> {
  const { values } = readArguments(BENCH, args);
  const walks: Record<string, Walk & { readonly hops?: Hops }> = {
    ...(await walkAudio()),
    ...(await walkControl()),
  };
  process.stdout.write(
    '| way | functions that run | in files | passed on through | in files |\n|---|---|---|---|---|\n',
  );
  for (const [name, { functions, files, hops }] of Object.entries(walks)) {
    const passed = hops === undefined ? '– | –' : `${hops.functions.length} | ${hops.files.length}`;
    process.stdout.write(`| ${name} | ${functions.length} | ${files.length} | ${passed} |\n`);
  }
  if (!values.list) return 0;
  for (const [name, { functions, hops }] of Object.entries(walks)) {
    process.stdout.write(`\n${name}\n${indented(functions)}\n`);
    if (hops !== undefined) process.stdout.write(`${name}, passed on through\n${indented(hops.functions)}\n`);
  }
  return 0;
}

function indented(lines: readonly string[]): string {
  return lines.map((line) => `  ${line}`).join('\n');
}
