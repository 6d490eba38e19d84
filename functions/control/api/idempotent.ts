import { createHash } from 'node:crypto';
import type { HttpResponseInit } from '@azure/functions';
import type { Caller } from '../access/access.ts';
import type { IdempotencyStore, KeptAnswer } from '../call/idempotency.ts';
import { CallStoreError } from '../call/stores.ts';
import { ProblemError } from '../http/problems.ts';
import type { Log } from '../use-cases/deps.ts';

const HEADER = 'Idempotency-Key';

/** Statuses that mean that nothing was done and a repetition may succeed: they release the key. */
const TRY_AGAIN: ReadonlySet<number> = new Set([429, 503]);

interface IdempotentRequest {
  readonly method: string;
  /** Made of the checked parameters: the host spells the path of a request in its own way. */
  readonly path: string;
  readonly caller: Caller;
  readonly bodyText: string;
  /** The value of the header `Idempotency-Key`. */
  readonly key: string;
}

interface IdempotencyTools {
  readonly keys: IdempotencyStore;
  readonly now: () => number;
  readonly log: Log;
}

/**
 * Serves a request that carries an `Idempotency-Key` once, and answers every repetition with the first answer.
 * `serve` never throws, so that a refusal is stored like a success.
 * @throws ProblemError if the key is malformed, in use, or was used for another request
 */
export async function idempotent(
  { method, path, caller, bodyText, key: given }: IdempotentRequest,
  { keys, now, log }: IdempotencyTools,
  serve: () => Promise<HttpResponseInit>,
): Promise<HttpResponseInit> {
  const key = hash(caller.id, checkedKey(given));
  const fingerprint = hash(method, path, bodyText);
  const claim = await keys.claim(key, fingerprint, now());
  switch (claim.kind) {
    case 'answered':
      return replayed(claim.answer);
    case 'in progress':
      throw new ProblemError(
        'idempotency-in-progress',
        'A request with this key is in progress. Repeat it later to get its answer.',
        {},
        { 'retry-after': '1' },
      );
    case 'outcome unknown':
      throw new ProblemError(
        'idempotency-outcome-unknown',
        'A request with this key was interrupted. Check the call, then use another key if necessary.',
      );
    case 'other request':
      throw new ProblemError(
        'idempotency-key-reused',
        'This key was used for a request with another method, path or body.',
      );
    case 'claimed':
      return await serveOnce(keys, key, log, serve);
  }
}

async function serveOnce(
  keys: IdempotencyStore,
  key: string,
  log: Log,
  serve: () => Promise<HttpResponseInit>,
): Promise<HttpResponseInit> {
  const response = await serve();
  const answer = keptAnswer(response);
  try {
    if (TRY_AGAIN.has(answer.status)) await keys.release(key);
    else await keys.keep(key, answer);
  } catch (error) {
    // The request was carried out, so its answer counts. A repetition learns that the outcome is unknown.
    if (!(error instanceof CallStoreError)) throw error;
    log.error('The answer under an Idempotency-Key could not be stored', {
      status: answer.status,
      why: error.message,
    });
  }
  return response;
}

function keptAnswer({ status = 200, headers, body, jsonBody }: HttpResponseInit): KeptAnswer {
  const text = jsonBody === undefined ? String(body ?? '') : JSON.stringify(jsonBody);
  const all = new Headers(headers as Record<string, string> | undefined);
  if (jsonBody !== undefined) all.set('content-type', 'application/json');
  return { status, headers: Object.fromEntries(all), body: text };
}

function replayed({ status, headers, body }: KeptAnswer): HttpResponseInit {
  return {
    status,
    headers: { ...headers, 'idempotency-replayed': 'true' },
    ...(body === '' ? {} : { body }),
  };
}

function checkedKey(text: string): string {
  if (/^[\x21-\x7e]{1,255}$/.test(text)) return text;
  throw new ProblemError(
    'invalid-request',
    `The header ${HEADER} must have 1 to 255 printable ASCII characters without spaces.`,
    { errors: [{ parameter: HEADER, in: 'header', detail: 'must be 1 to 255 printable ASCII characters' }] },
  );
}

/** Each part is preceded by its length, so that no two lists of parts have the same hash. */
function hash(...parts: readonly string[]): string {
  const sum = createHash('sha256');
  for (const part of parts) sum.update(`${part.length}:${part};`);
  return sum.digest('hex');
}
