import { writeFile } from 'node:fs/promises';
import type { Command } from '../../shared/base/command-line.ts';

/** An option with a value. */
export function takes<const Value extends string>(value: Value, help: string) {
  return { type: 'string', value, help } as const;
}

/** What every measurement takes beside its own options. */
const COMMON_OPTIONS = {
  smoke: { type: 'boolean', default: false, help: 'takes seconds, and fails only where something is lost' },
  json: takes('FILE', 'where the results are written, as JSON'),
} as const;

/** A measurement as a command, with the options that every one takes and its own. */
export function benchCommand<const Own extends Command['flags']>(name: string, about: string, own: Own) {
  const flags = { ...COMMON_OPTIONS, ...own };
  return { name: 'npm run bench', usage: `${name} [options]`, about, flags } satisfies Command;
}

/** The number of an option. @throws Error naming the option, where the text is not a whole number above 0 */
export function wholeNumberOption(option: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new Error(`${option} must be a whole number above 0, not ${text}`);
  return number;
}

/** The number of an option, which may have a fraction. @throws Error naming the option, where it is not above 0 */
export function positiveNumberOption(option: string, text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new Error(`${option} must be a positive number, not ${text}`);
  return number;
}

/** Writes the results to the file of `--json`, indented; does nothing without that option. */
export async function writeJsonReport(file: string | undefined, report: object): Promise<void> {
  if (file !== undefined) await writeFile(file, `${JSON.stringify(report, null, 2)}\n`);
}
