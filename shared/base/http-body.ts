/** Reading the body of an HTTP request in bytes, and keeping no more than it may have. */

/** What is needed of a web-standard `Request`; the request of Azure Functions has it too. */
interface BodySource {
  readonly headers: { get(name: string): string | null };
  readonly body: unknown;
}

/**
 * The whole body, empty where there is none. Undefined when it has more than `maxBytes`: the rest is read and thrown
 * away, since leaving off destroys the request of Azure Functions, and with it the way of the answer. The host ends a
 * body after 100 MB. A `content-length` above the bound is refused before anything is read.
 */
export async function readBodyBytes(
  { headers, body }: BodySource,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (Number(headers.get('content-length') ?? 0) > maxBytes) return undefined;
  if (body === null || body === undefined) return new Uint8Array();
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of body as AsyncIterable<Uint8Array>) {
    length += part.byteLength;
    if (length <= maxBytes) parts.push(part);
    else parts.length = 0;
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
