import type { IncomingMessage } from 'node:http';

/** The client went away before it had sent the whole request. */
export class ClientGoneError extends Error {
  constructor() {
    super('the client closed the connection before the request was complete');
  }
}

/**
 * Reads a request's body into memory.
 * @returns undefined as soon as the body is known to be longer than `limitBytes`; what follows of it is thrown away
 * @throws ClientGoneError when the rest never comes
 */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > limitBytes) return undefined;
  return await new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.byteLength;
      if (length <= limitBytes) chunks.push(chunk);
      else resolve(undefined);
    });
    request.once('end', () => resolve(joined(chunks)));
    for (const gone of ['error', 'close']) request.once(gone, () => reject(new ClientGoneError()));
  });
}

function joined(chunks: readonly Buffer[]): Buffer {
  const [first] = chunks;
  return chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks);
}
