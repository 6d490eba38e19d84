import type { IncomingMessage } from 'node:http';
import { requireJson } from '../../common/json.ts';
import { ApiError, badRequest } from '../http/api-error.ts';
import { bodyText, mediaTypeOf, metadataOf } from '../http/content.ts';
import { bodyOf } from '../http/request.ts';
import type { MessageData, Payload } from '../hub/payload.ts';

/** What the service says of a body that is not the JSON it claims to be. */
export const INVALID_JSON = 'The request body is not a valid JSON.';

/**
 * Reads the message of a send operation; the content type says what it is.
 * @throws ApiError 400 for a body that is too long, does not say how long it is or is not the JSON it claims to be, 415
 *   for other content types and for none
 */
export async function readMessage(request: IncomingMessage, maxBytes: number): Promise<MessageData> {
  const { 'content-length': length, 'content-type': contentType } = request.headers;
  if (length === undefined)
    throw badRequest('Invalid Content-Length header. A message must say how long it is.');
  const body = await bodyOf(request, maxBytes);
  const metadata = metadataOf(request.headers);
  if (typeof metadata === 'string') throw badRequest(`Invalid metadata: ${metadata}.`);
  const payload = payloadOf(contentType, body);
  return metadata === undefined ? { payload } : { payload, metadata };
}

export function unsupportedMediaType(given: string | undefined, known: string): ApiError {
  const rule = `The content type must be ${known}, not '${given ?? ''}'.`;
  return new ApiError(415, 'UnsupportedMediaType', rule);
}

function payloadOf(contentType: string | undefined, body: Buffer): Payload {
  const mediaType = mediaTypeOf(contentType);
  if (mediaType === 'application/octet-stream') return { dataType: 'binary', bytes: body };
  if (mediaType !== 'text/plain' && mediaType !== 'application/json')
    throw unsupportedMediaType(contentType, 'text/plain, application/json or application/octet-stream');
  const text = bodyText(body, contentType);
  if (text === undefined) throw unsupportedMediaType(contentType, 'of a charset that is known');
  if (mediaType === 'text/plain') return { dataType: 'text', text };
  requireJson(text, () => badRequest(INVALID_JSON));
  return { dataType: 'json', json: text };
}
