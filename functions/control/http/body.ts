/** Reads the body of a request as text or JSON, with a problem for each way in which it can be wrong. */
import type { HttpRequest } from '@azure/functions';
import { readBodyBytes } from '../../../shared/base/http-body.ts';
import { ProblemError } from './problems.ts';

interface BodyRules {
  readonly maxBytes: number;
  /** Refuses a body that is not sent as `application/json`. Defaults to false. */
  readonly requireJsonType?: boolean;
}

/**
 * The body as text, or '' if there is none.
 * @throws ProblemError if the body is longer than `maxBytes`, has another content type, or is not UTF-8
 */
export async function readText(
  request: HttpRequest,
  { maxBytes, requireJsonType = false }: BodyRules,
): Promise<string> {
  const bytes = await readBodyBytes(request, maxBytes);
  if (bytes === undefined) throw tooLarge(maxBytes);
  if (bytes.length === 0) return '';
  if (requireJsonType) checkContentType(request.headers.get('content-type'));
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw malformed('The body is not UTF-8.', 'must be JSON in UTF-8');
  }
}

/** The body as JSON, or undefined if it is empty. @throws ProblemError as `readText`, and for what is not JSON */
export async function readJson(request: HttpRequest, maxBytes: number): Promise<unknown> {
  const text = await readText(request, { maxBytes });
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw malformed('The body is not JSON.', 'must be JSON');
  }
}

function checkContentType(contentType: string | null): void {
  const [type = '', ...parameters] = (contentType ?? '').split(';').map((part) => part.trim().toLowerCase());
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice('charset='.length);
  const isUtf8 = charset === undefined || /^"?utf-?8"?$/.test(charset);
  if (type === 'application/json' && isUtf8) return;
  throw new ProblemError('unsupported-media-type', 'Send the body as application/json in UTF-8.');
}

function tooLarge(maxBytes: number): ProblemError {
  return new ProblemError('payload-too-large', `The body may have at most ${maxBytes} bytes.`);
}

function malformed(detail: string, member: string): ProblemError {
  return new ProblemError('invalid-request', detail, { errors: [{ pointer: '#', detail: member }] });
}
