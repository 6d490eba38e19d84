/** The user's own routes: the setting `CALL_ROUTES`, from the environment or from `local.settings.json`. */
import { readFile } from 'node:fs/promises';
import { UsageError } from './options.ts';

const LOCAL_SETTINGS = new URL('../../../local.settings.json', import.meta.url);

/** @throws UsageError when the routes are no JSON array; the control app checks each of them */
export async function userRoutes(): Promise<object[]> {
  const text = process.env['CALL_ROUTES'] ?? (await fromLocalSettings());
  if (text === undefined || text.trim() === '') return [];
  const routes: unknown = parseJson(text, 'the setting CALL_ROUTES');
  if (!Array.isArray(routes)) throw new UsageError('the setting CALL_ROUTES must be a JSON array of routes');
  return routes;
}

async function fromLocalSettings(): Promise<string | undefined> {
  const text = await readFile(LOCAL_SETTINGS, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const settings = parseJson(text, 'local.settings.json') as { Values?: Record<string, string> };
  return settings.Values?.['CALL_ROUTES'];
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${what} is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}
