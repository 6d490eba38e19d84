/** The key of the HTTP functions of `npm start`: made at its first start and kept, so that scripts go on working. */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { findProject } from '../project/project.ts';

const keyFile = (): string => join(findProject().folder, '.trunkline/functions-key');
const KEY_BYTES = 36;
const KEY = /^[\w-]{40,100}$/;

/** Only its owner can read the file. A file that holds no key gets a new one. */
export async function developmentKey(file = keyFile()): Promise<string> {
  const kept = (await readFile(file, 'utf8').catch(() => '')).trim();
  if (KEY.test(kept)) return kept;
  const key = randomBytes(KEY_BYTES).toString('base64url');
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${key}\n`, { mode: 0o600 });
  return key;
}
