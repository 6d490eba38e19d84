import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../common/clock.ts';
import { readBody } from '../../common/read-body.ts';
import type { RecordEntry } from '../events/event-log.ts';
import type { CallRegistry } from '../exchange/call-registry.ts';
import type { Dialer } from '../exchange/dialer.ts';
import { Fields, invalid, parseJson } from '../http/fields.ts';
import { RefusedError, type Reply, refusalReply, refusals, sendReply } from '../http/refusal.ts';
import type { Operation, OperationRequest } from '../rest-operations/operation.ts';
import { bodyDefinition } from './api-types.ts';
import { conformance } from './conformance.ts';
import { hmacProblem } from './hmac.ts';
import { checkStrictUrls, matchOperation } from './match-operation.ts';
import type { RestFaults } from './rest-faults.ts';

const BODY_LIMIT = 1024 * 1024;
/** Unknown members of one request that a warning names. */
const MAX_NAMED = 20;

/** Assumed where a request names none; the newest version that this surface was written after. */
const DEFAULT_API_VERSION = '2026-03-12';

interface RestApiOptions {
  readonly calls: CallRegistry;
  readonly dialer: Dialer;
  /** The user that the application is where it names none. */
  readonly ownUserId: string;
  readonly accessKey: Uint8Array;
  readonly faults: RestFaults;
  readonly record: RecordEntry;
  /** Only https callbacks and wss streams, as in the service. */
  readonly strictUrls: boolean;
  readonly clock: Clock;
  readonly log: (line: string) => void;
}

interface Performed {
  readonly reply: Reply;
  readonly onReplay?: () => void;
}

/** The Call Automation REST API: signature, route, repetition, operation, injected fault, answer; in this order. */
export class RestApi {
  readonly #options: RestApiOptions;
  readonly #firstResults = new FirstResults<Performed>();

  constructor(options: RestApiOptions) {
    this.#options = options;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request, BODY_LIMIT);
    const reply =
      body === undefined ? refusalReply(refusals.bodyTooLong(BODY_LIMIT)) : await this.#answer(request, body);
    sendReply(response, { ...reply, headers: { ...echoed(request), ...reply.headers } });
  }

  async #answer(request: IncomingMessage, body: Buffer): Promise<Reply> {
    const { method = 'GET', url = '/', headers } = request;
    const problem = hmacProblem(
      { method, url, headers, body },
      this.#options.accessKey,
      this.#options.clock.now(),
    );
    if (problem !== undefined) return refusalReply(refusals.unauthorized(problem));
    const { calls, dialer, ownUserId, log } = this.#options;
    const [pathname = '', query = ''] = url.split('?', 2);
    const match = matchOperation(method, pathname);
    switch (match.type) {
      case 'otherService':
        return refusalReply(refusals.otherService(`${method} ${pathname}`));
      case 'notFound':
        return refusalReply(refusals.noSuchOperation(`${method} ${pathname}`));
      case 'methodNotAllowed':
        return {
          ...refusalReply(refusals.methodNotAllowed(method, match.allowed)),
          headers: { allow: match.allowed.join(', ') },
        };
      case 'found': {
        const { operation, path } = match;
        const perform = async (): Promise<Performed> => {
          const json = body.length === 0 ? {} : parseJson(body);
          return this.#perform(operation, {
            calls,
            dialer,
            ownUserId,
            origin: `${'encrypted' in request.socket ? 'https' : 'http'}://${headers.host ?? 'localhost'}`,
            path,
            query: new URLSearchParams(query),
            body: json,
            // Read on demand: an operation that takes no body accepts any.
            get fields() {
              return new Fields(json);
            },
            apiVersion: new URLSearchParams(query).get('api-version') ?? DEFAULT_API_VERSION,
            warn: log,
          });
        };
        const reply = await this.#options.faults.around(operation.name, () =>
          this.#once(operation, headers['repeatability-request-id'], perform),
        );
        this.#options.record({ kind: 'rest', operation: operation.name, status: reply.status });
        return reply;
      }
    }
  }

  async #once(
    operation: Operation,
    requestId: string | string[] | undefined,
    perform: () => Promise<Performed>,
  ): Promise<Reply> {
    if (!operation.repeatable || typeof requestId !== 'string') return (await attempt(perform)).reply;
    const { result, replayed } = await this.#firstResults.once(`${operation.name} ${requestId}`, () =>
      attempt(perform),
    );
    if (replayed) result.onReplay?.();
    return result.reply;
  }

  async #perform(operation: Operation, request: OperationRequest): Promise<Performed> {
    if (operation.perform === undefined) throw new RefusedError(refusals.notSupported(operation.name));
    if (this.#options.strictUrls) checkStrictUrls(request.body);
    const definition = bodyDefinition(operation.name);
    if (definition !== undefined) {
      const { violation, unknown } = conformance(definition, request.body, 'any');
      if (violation !== undefined) throw invalid(violation);
      if (unknown.length > 0)
        request.warn(`${operation.name}: ignored unknown members ${unknown.slice(0, MAX_NAMED).join(', ')}`);
    }
    const { json, onReplay } = operation.perform(request) ?? {};
    const headers = recordedHeaders(operation, request, json);
    return { reply: { status: operation.success, json, headers }, ...(onReplay && { onReplay }) };
  }
}

/** The service repeats the id of a request in every answer. */
function echoed({ headers }: IncomingMessage): Record<string, string> {
  const id = headers['x-ms-client-request-id'];
  return typeof id === 'string' ? { 'x-ms-client-request-id': id } : {};
}

/** Repeatable operations on whose answers recordings show no `Repeatability-Result`. */
const UNTOLD: ReadonlySet<string> = new Set([
  'answerCall',
  'connectCall',
  'createCall',
  'redirectCall',
  'rejectCall',
]);

/** Headers of success, as recorded: the id of the call's chain, and that the request will not be performed again. */
function recordedHeaders(
  operation: Operation,
  { calls, path }: OperationRequest,
  json: unknown,
): Record<string, string> {
  const known = calls.findConnected(path.get('callConnectionId') ?? '')?.ids.correlationId;
  const chain = known ?? (json as { readonly correlationId?: string } | undefined)?.correlationId;
  return {
    ...(operation.repeatable && !UNTOLD.has(operation.name) ? { 'repeatability-result': 'accepted' } : {}),
    ...(chain === undefined ? {} : { 'x-microsoft-skype-chain-id': chain }),
  };
}

async function attempt(perform: () => Promise<Performed>): Promise<Performed> {
  try {
    return await perform();
  } catch (error) {
    if (error instanceof RefusedError) return { reply: refusalReply(error.refusal) };
    throw error;
  }
}

/** Results that are remembered; older ones are forgotten, and their requests would be performed again. */
const MAX_RESULTS = 1_000;

interface FirstResult<T> {
  readonly result: T;
  readonly replayed: boolean;
}

/**
 * Repeatable requests (OASIS Repeatable Requests 1.0, as Azure uses it): a repeated `Repeatability-Request-ID` gets the
 * first result again, success or refusal, and nothing is done twice, not even if both requests arrive at the same time.
 */
export class FirstResults<T> {
  readonly #results = new Map<string, Promise<T>>();

  /** A rejection is not remembered: it means that nothing came of the request. */
  async once(requestId: string, perform: () => Promise<T>): Promise<FirstResult<T>> {
    const known = this.#results.get(requestId);
    if (known !== undefined) return { result: await known, replayed: true };
    const first = perform();
    this.#results.set(requestId, first);
    this.#forgetOldest();
    try {
      return { result: await first, replayed: false };
    } catch (error) {
      this.#results.delete(requestId);
      throw error;
    }
  }

  #forgetOldest(): void {
    if (this.#results.size <= MAX_RESULTS) return;
    const oldest = this.#results.keys().next();
    if (oldest.done !== true) this.#results.delete(oldest.value);
  }
}
