/** The files from which the command takes routes and settings. */
import { existsSync, readFileSync } from 'node:fs';
import { UsageError } from '../../shared/base/command-line.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export function localSettings(folder: string): Environment {
  const file = `${folder}local.settings.json`;
  const text = readIfThere(file);
  if (text === undefined) return {};
  return (jsonOf(text, file) as { Values?: Record<string, string> }).Values ?? {};
}

export function readIfThere(file: string): string | undefined {
  return existsSync(file) ? readText(file) : undefined;
}

/** @throws UsageError */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}

/** @throws UsageError */
export function jsonOf(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${what} is not JSON: ${error instanceof Error ? error.message : error}`);
  }
}
