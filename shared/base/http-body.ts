/** Reading the body of an HTTP request in bytes, and keeping no more than it may have. */

/** What is needed of a web-standard `Request`; the request of Azure Functions has it too. */
interface BodySource {
  readonly headers: { get(name: string): string | null };
  readonly body: unknown;
}

interface ReadOptions {
  /** Reads what is too long to its end, and throws it away. Otherwise the rest stays unread. Defaults to false. */
  readonly readsOn?: boolean;
  /** Gives the body up. */
  readonly signal?: AbortSignal;
}

const TOO_LONG = new RangeError('the body is too long');

/**
 * The whole body, empty where there is none. Undefined when it has more than `maxBytes`. A `content-length` above the
 * bound is refused before anything is read.
 * @throws the reason of the signal, and what ends a body before it is complete
 */
export async function readBodyBytes(
  { headers, body }: BodySource,
  maxBytes: number,
  { readsOn = false, signal }: ReadOptions = {},
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (Number(headers.get('content-length') ?? 0) > maxBytes) return undefined;
  if (body === null || body === undefined) return new Uint8Array();
  const source = body as ReadableStream<Uint8Array>;
  const parts: Uint8Array[] = [];
  let length = 0;
  const keep = new WritableStream<Uint8Array>({
    write(part) {
      length += part.byteLength;
      if (length <= maxBytes) parts.push(part);
      else if (!readsOn) throw TOO_LONG;
    },
  });
  try {
    // The source is cancelled at the signal only: to cancel it is to take away the connection of the answer.
    await source.pipeTo(keep, { preventCancel: true, ...(signal === undefined ? {} : { signal }) });
  } catch (error) {
    if (error === TOO_LONG) return undefined;
    if (signal?.aborted) await source.cancel(error);
    throw error;
  }
  return length > maxBytes ? undefined : joined(parts, length);
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}
