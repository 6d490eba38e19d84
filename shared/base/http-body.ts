/** Reading the body of an HTTP request in bytes, and keeping no more than it may have. */

import { ByteStore } from './byte-store.ts';

/** What is needed of a web-standard `Request`; the request of Azure Functions has it too. */
interface BodySource {
  readonly headers: { get(name: string): string | null };
  readonly body: unknown;
}

interface ReadOptions {
  /** A body of up to so many bytes is read to its end, and thrown away. Otherwise the rest stays unread. */
  readonly readsOnTo?: number;
  /** Gives the body up. */
  readonly signal?: AbortSignal;
}

/**
 * The whole body, empty where there is none. Undefined when it has more than `maxBytes`. A `content-length` above the
 * bound is refused before anything is read.
 * @throws the reason of the signal, and what ends a body before it is complete
 */
export async function readBodyBytes(
  { headers, body }: BodySource,
  maxBytes: number,
  { readsOnTo = maxBytes, signal }: ReadOptions = {},
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (Number(headers.get('content-length') ?? 0) > maxBytes) return undefined;
  if (body === null || body === undefined) return new Uint8Array();
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  const giveUp = (): void => void reader.cancel(signal?.reason).catch(() => {});
  const bytes = new ByteStore();
  let length = 0;
  signal?.addEventListener('abort', giveUp);
  if (signal?.aborted) giveUp();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      length += next.value.byteLength;
      if (length <= maxBytes) bytes.add(next.value);
      // The body is not cancelled: that would take away the connection of the answer.
      else if (length > readsOnTo) return undefined;
    }
  } finally {
    signal?.removeEventListener('abort', giveUp);
    reader.releaseLock();
  }
  signal?.throwIfAborted();
  return length > maxBytes ? undefined : bytes.take();
}
