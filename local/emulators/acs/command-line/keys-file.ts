import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import * as z from 'zod';

const KEY_BYTES = 64;
const TOKEN_BYTES = 24;

const keys = z.object({ accessKey: z.string(), resourceId: z.string(), controlToken: z.string() });

/** What an application is configured with. */
type StandAloneKeys = z.infer<typeof keys>;

/**
 * Makes keys at the first start with `--stand-alone` and keeps them, so that an application stays configured. Only the
 * owner can read the file.
 * @throws Error when the file is not one of these, or cannot be written
 */
export function keepKeys(path: string): StandAloneKeys {
  const kept = read(path);
  if (kept !== undefined) return kept;
  const made: StandAloneKeys = {
    accessKey: randomBytes(KEY_BYTES).toString('base64'),
    resourceId: randomUUID(),
    controlToken: randomBytes(TOKEN_BYTES).toString('base64url'),
  };
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(made, undefined, 2)}\n`, { mode: 0o600 });
  return made;
}

function read(path: string): StandAloneKeys | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return keys.parse(JSON.parse(text));
  } catch {
    throw new Error(`${path} does not hold the keys of the ACS emulator; delete it to have new ones made`);
  }
}
