import type { IncomingMessage } from 'node:http';

/** The sender closed the connection before it had sent the whole message. */
export class CutOffError extends Error {
  constructor() {
    super('the connection was closed before the message was complete');
  }
}

/**
 * Reads the body of a request or an answer into memory.
 * @returns undefined as soon as the body is known to be longer than `limitBytes`; what follows of it is thrown away
 * @throws CutOffError when the rest never comes
 */
export async function readBody(message: IncomingMessage, limitBytes: number): Promise<Buffer | undefined> {
  if (Number(message.headers['content-length'] ?? 0) > limitBytes) return undefined;
  return await new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    message.on('data', (chunk: Buffer) => {
      length += chunk.byteLength;
      if (length <= limitBytes) chunks.push(chunk);
      else resolve(undefined);
    });
    message.once('end', () => resolve(joined(chunks)));
    for (const gone of ['error', 'close']) message.once(gone, () => reject(new CutOffError()));
  });
}

function joined(chunks: readonly Buffer[]): Buffer {
  const [first] = chunks;
  return chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks);
}
