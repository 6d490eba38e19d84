import { invalid } from '../http/fields.ts';

/** Where a request names URLs, and what the service takes there. */
const PLACES: readonly { readonly path: readonly string[]; readonly protocol: 'https:' | 'wss:' }[] = [
  { path: ['callbackUri'], protocol: 'https:' },
  { path: ['operationCallbackUri'], protocol: 'https:' },
  { path: ['mediaStreamingOptions', 'transportUrl'], protocol: 'wss:' },
  { path: ['transcriptionOptions', 'transportUrl'], protocol: 'wss:' },
];

/**
 * The service's own rule for URLs: callbacks over https, streams over wss, everywhere.
 * @throws RefusedError 400 8523
 */
export function checkStrictUrls(body: unknown): void {
  for (const { path, protocol } of PLACES) {
    const value = path.reduce(member, body);
    if (typeof value !== 'string') continue;
    if (!URL.canParse(value) || new URL(value).protocol !== protocol)
      throw invalid(`The field ${path.join('.')} is invalid: it must be an absolute ${protocol}// URL.`);
  }
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}
