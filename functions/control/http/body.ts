import type { HttpRequest } from '@azure/functions';
import { ProblemError } from './invocation.ts';

/** Largest body of an operation, in bytes. */
export const MAX_BODY_BYTES = 131_072;

/**
 * The body of a request as text; empty where there is none. It is read no further than it may be long.
 * @throws ProblemError for a body that is too long, not JSON by its type, or not UTF-8.
 */
export async function readBodyText(request: HttpRequest): Promise<string> {
  const bytes = await readBytes(request);
  if (bytes.length === 0) return '';
  requireJson(request.headers.get('content-type'));
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new ProblemError('invalid-request', 'The body is not UTF-8.', {
      errors: [{ pointer: '#', detail: 'must be JSON in UTF-8' }],
    });
  }
}

async function readBytes(request: HttpRequest): Promise<Uint8Array> {
  if (Number(request.headers.get('content-length') ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  if (request.body === null) return new Uint8Array();
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of request.body as AsyncIterable<Uint8Array>) {
    length += part.length;
    if (length > MAX_BODY_BYTES) throw tooLarge();
    parts.push(part);
  }
  return Buffer.concat(parts, length);
}

function tooLarge(): ProblemError {
  return new ProblemError('payload-too-large', `A body may have at most ${MAX_BODY_BYTES} bytes.`);
}

function requireJson(contentType: string | null): void {
  const [type = '', ...parameters] = (contentType ?? '').split(';').map((part) => part.trim().toLowerCase());
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice('charset='.length);
  const isUtf8 = charset === undefined || /^"?utf-?8"?$/.test(charset);
  if (type === 'application/json' && isUtf8) return;
  throw new ProblemError('unsupported-media-type', 'A body must be sent as application/json, in UTF-8.');
}
