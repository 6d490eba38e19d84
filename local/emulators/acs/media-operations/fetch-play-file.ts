/** Bytes of a file that is played, at most: more than five minutes. Microsoft documents no figure. */
const MAX_FILE_BYTES = 10 * 1024 * 1024;
/** How long fetching it may take. */
const FETCH_LIMIT_MS = 10_000;

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * Which hosts files come from: this machine, so that a program under test cannot make the emulator call others; or any.
 */
export type PlayFileHosts = 'loopback' | 'anywhere';

/**
 * The bytes of a file that an application wants played, or undefined where it cannot be had: not allowed, not there,
 * too long, too slow. Redirections are not followed.
 */
export async function fetchPlayFile(
  uri: string,
  hosts: PlayFileHosts,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  const url = new URL(uri);
  if (hosts === 'loopback' && !LOOPBACK.test(url.hostname)) return undefined;
  try {
    const response = await fetch(url, {
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(FETCH_LIMIT_MS)]),
    });
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      return undefined;
    }
    return await collect(response.body);
  } catch {
    return undefined;
  }
}

async function collect(body: AsyncIterable<Uint8Array>): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > MAX_FILE_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
