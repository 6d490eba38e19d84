import type { IncomingMessage } from 'node:http';
import { ApiError, badRequest } from '../http/api-error.ts';
import { bodyOf, mediaTypeOf } from '../http/request.ts';
import { type MessageData, type Metadata, type Payload, parseMetadata } from '../hub/payload.ts';

const METADATA_PREFIX = 'x-webpubsub-metadata-';

/**
 * Reads the message of a send operation; the content type says what it is.
 * @throws ApiError 400 for a body that is too long or is not the JSON it claims to be, 415 for other content types and
 *   for none
 */
export async function readMessage(request: IncomingMessage, maxBytes: number): Promise<MessageData> {
  const mediaType = mediaTypeOf(request);
  const body = await bodyOf(request, maxBytes);
  const metadata = metadataOf(request);
  const payload = payloadOf(mediaType, body);
  return metadata === undefined ? { payload } : { payload, metadata };
}

export function unsupportedMediaType(given: string, known: string): ApiError {
  return new ApiError(415, 'UnsupportedMediaType', `The content type must be ${known}, not '${given}'.`);
}

function payloadOf(mediaType: string, body: Buffer): Payload {
  switch (mediaType) {
    case 'application/octet-stream':
      return { dataType: 'binary', bytes: body };
    case 'text/plain':
      return { dataType: 'text', text: body.toString('utf8') };
    case 'application/json': {
      const json = body.toString('utf8');
      try {
        JSON.parse(json);
      } catch {
        throw badRequest('The request body is not valid JSON.');
      }
      return { dataType: 'json', json };
    }
    default:
      throw unsupportedMediaType(mediaType, 'text/plain, application/json or application/octet-stream');
  }
}

function metadataOf(request: IncomingMessage): Metadata | undefined {
  const found: Record<string, string> = {};
  for (const [name, values] of Object.entries(request.headersDistinct)) {
    const last = values?.at(-1);
    if (name.startsWith(METADATA_PREFIX) && last !== undefined)
      found[name.slice(METADATA_PREFIX.length)] = last;
  }
  if (Object.keys(found).length === 0) return undefined;
  const metadata = parseMetadata(found);
  if (typeof metadata === 'string') throw badRequest(`${metadata}.`);
  return metadata;
}
