/** Reading the body of an HTTP request in bytes, and no further than it may be long. */

import { ByteStore } from './byte-store.ts';

/** What is needed of a web-standard `Request`; the request of Azure Functions has it too. */
interface BodySource {
  readonly headers: { get(name: string): string | null };
  readonly body: unknown;
}

/**
 * The whole body, empty where there is none. Undefined when it has more than `maxBytes`: then the rest stays unread.
 * A `content-length` above the bound is refused before anything is read.
 */
export async function readBodyBytes(
  { headers, body }: BodySource,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (Number(headers.get('content-length') ?? 0) > maxBytes) return undefined;
  if (body === null || body === undefined) return new Uint8Array();
  const bytes = new ByteStore();
  for await (const part of body as AsyncIterable<Uint8Array>) {
    if (bytes.byteLength + part.byteLength > maxBytes) return undefined;
    bytes.add(part);
  }
  return bytes.take();
}
