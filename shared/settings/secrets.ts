/** Which secrets are too easy to guess for a process that others can reach. */
import { isLoopbackHttp } from '../base/loopback-url.ts';
import type { Setting, SettingsReader } from '../base/settings.ts';

/** Parts of secrets that this repository publishes. */
const PUBLISHED = ['development-only', '<at least 32 random bytes>'];

/** Different bytes of a secret: random ones of 32 bytes have more. */
const MIN_DIFFERENT = 16;
/** The same for hexadecimal secrets, which have 16 at most and often fewer. */
const MIN_DIFFERENT_HEX = 10;

/** Why somebody could guess a secret; undefined if nothing suggests that. */
export function whyGuessable(secret: string): string | undefined {
  if (PUBLISHED.some((part) => secret.includes(part))) return 'is a published value';
  const different = new Set(new TextEncoder().encode(secret)).size;
  const least = /^[0-9a-f]*$/i.test(secret) ? MIN_DIFFERENT_HEX : MIN_DIFFERENT;
  return different < least ? `has fewer than ${least} different bytes` : undefined;
}

interface Secret {
  readonly name: string;
  readonly setting: Setting<unknown>;
  /** Undefined if it is not set or not usable. */
  readonly value: string | undefined;
}

/**
 * Reports secrets that somebody could guess, unless the process has loopback addresses only.
 * @param addresses URLs, connection strings and host names of the process and of all that it talks to
 */
export function refuseGuessable(
  settings: SettingsReader,
  secrets: readonly Secret[],
  addresses: readonly string[],
): void {
  if (addresses.every(isOnThisMachine)) return;
  for (const { name, setting, value } of secrets) {
    const why = value === undefined ? undefined : whyGuessable(value);
    if (why !== undefined)
      settings.problem(name, `${why}, which is accepted only if every address is on this machine.`, setting);
  }
}

function isOnThisMachine(address: string): boolean {
  if (/^\s*UseDevelopmentStorage=true\s*;?\s*$/i.test(address)) return true;
  const endpoint = /(?:^|;)\s*(?:Table)?Endpoint\s*=\s*([^;]*)/i.exec(address)?.[1]?.trim() ?? address;
  return isLoopbackHttp(endpoint) || isLoopbackHttp(`http://${endpoint}`);
}
