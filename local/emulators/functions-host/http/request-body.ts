import type { IncomingMessage } from 'node:http';

/** The request's body is longer than allowed. */
export class BodyTooLargeError extends Error {
  constructor(limitBytes: number) {
    super(`the request body is longer than ${limitBytes} bytes`);
  }
}

/** The client went away before it had sent the whole request. */
export class ClientGoneError extends Error {
  constructor() {
    super('the client closed the connection before the request was complete');
  }
}

/**
 * Reads a request's body into memory.
 *
 * @throws BodyTooLargeError as soon as the length is known to be over the limit; ClientGoneError when the rest never comes
 */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > limitBytes) throw new BodyTooLargeError(limitBytes);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > limitBytes) {
        request.pause();
        reject(new BodyTooLargeError(limitBytes));
      } else {
        chunks.push(chunk);
      }
    });
    request.once('end', () => resolve(Buffer.concat(chunks, length)));
    request.once('error', () => reject(new ClientGoneError()));
    request.once('close', () => reject(new ClientGoneError()));
  });
}
