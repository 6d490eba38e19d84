import { isLoopbackHttp } from '../base/loopback-url.ts';
import type { TimelineEntryView } from '../wire/api/call-schema.ts';
import { type Endpoint, isMutation, parametersOf } from '../wire/api/endpoint.ts';
import { ENDPOINTS, type OperationId } from '../wire/api/endpoints.ts';
import { isPathParameter, PATH_PARAMETERS } from '../wire/api/parameter-schemas.ts';
import { noAnswer } from './calls-api-error.ts';
import type { Method, RequestOptions } from './client-types.ts';
import { fetchWithRetry, type RetryOptions } from './fetch-with-retry.ts';
import { followTimeline } from './follow-timeline.ts';

/**
 * Every operation of the HTTP API as a method of the same name. All throw CallsApiError, and TypeError for arguments
 * that no request can have.
 */
export type CallsClient = {
  readonly [Id in Exclude<OperationId, 'streamTimeline'>]: Method<Id>;
} & {
  /** What happened to a call so far and what happens next, each entry once, until the call has ended. */
  streamTimeline(
    callId: string,
    options?: { readonly signal?: AbortSignal },
  ): AsyncGenerator<TimelineEntryView>;
};

/** The path of the operations for most callers. */
const API_PATH = '/api';

type CallsClientOptions = {
  /** The control app's address, such as `https://contoso-control.azurewebsites.net`. `http:` on this machine only. */
  readonly baseUrl: string;
  /** The path of its operations. Defaults to `/api`. */
  readonly apiPath?: string;
} & (
  | { /** A function key. */ readonly key: string }
  /** A bearer token, or a function that returns a valid one. */
  | { readonly token: string | (() => string | Promise<string>) }
) &
  Partial<RetryOptions>;

/** @throws TypeError for a base URL that may not be sent a key */
export function createCallsClient(options: CallsClientOptions): CallsClient {
  const sender = new Sender(options);
  const methods: Record<string, unknown> = {};
  for (const [id, endpoint] of Object.entries<Endpoint>(ENDPOINTS))
    methods[id] = (...args: readonly unknown[]) => sender.send(id, endpoint, args);
  methods['streamTimeline'] = (callId: string, options?: { readonly signal?: AbortSignal }) =>
    sender.follow(callId, options?.signal);
  // The methods come from the same table as their types.
  return methods as unknown as CallsClient;
}

/** How long the rest of an answer may take. */
const BODY_MS = 30_000;

class Sender {
  readonly #apiUrl: string;
  readonly #authorization: () => Promise<Readonly<Record<string, string>>>;
  readonly #retry: RetryOptions;

  constructor(options: CallsClientOptions) {
    const {
      baseUrl,
      apiPath = API_PATH,
      fetch = globalThis.fetch,
      sleep = pause,
      random = Math.random,
    } = options;
    const isHttps = URL.canParse(baseUrl) && new URL(baseUrl).protocol === 'https:';
    if (!isHttps && !isLoopbackHttp(baseUrl))
      throw new TypeError('the base URL must begin with https:// (http:// only on this machine)');
    this.#apiUrl = `${baseUrl.replace(/\/+$/, '')}${apiPath}`;
    this.#retry = { fetch, sleep, random };
    this.#authorization = async () => {
      if ('key' in options) return { 'x-functions-key': options.key };
      const { token } = options;
      return { authorization: `Bearer ${typeof token === 'string' ? token : await token()}` };
    };
  }

  async send(id: string, endpoint: Endpoint, args: readonly unknown[]): Promise<unknown> {
    const names = parametersOf(endpoint.path);
    const rest = args.slice(names.length);
    const hasContent = endpoint.body !== undefined || endpoint.query !== undefined;
    const content = hasContent ? rest[0] : undefined;
    const options = (rest[hasContent ? 1 : 0] ?? {}) as RequestOptions;
    const body = endpoint.body === undefined ? undefined : JSON.stringify(content ?? {});
    const query = endpoint.body === undefined ? queryOf(content) : '';
    const response = await this.#fetch(id, `${filled(endpoint, args)}${query}`, {
      method: endpoint.method,
      headers: {
        ...(isMutation(endpoint) && { 'idempotency-key': options.idempotencyKey ?? crypto.randomUUID() }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body }),
      ...(options.signal && { signal: options.signal }),
    });
    try {
      return endpoint.answer.schema.parse(await within(BODY_MS, response.json()));
    } catch (error) {
      throw noAnswer(id, 'The answer is not one of this API.', error);
    }
  }

  follow(callId: string, signal: AbortSignal | undefined): AsyncGenerator<TimelineEntryView> {
    const path = filled(ENDPOINTS.streamTimeline, [callId]);
    return followTimeline({
      open: (lastEventId) =>
        this.#fetch('streamTimeline', path, {
          headers: lastEventId === undefined ? {} : { 'last-event-id': lastEventId },
          ...(signal && { signal }),
        }),
      sleep: (ms) => this.#retry.sleep(ms, signal),
    });
  }

  async #fetch(id: string, path: string, init: RequestInit): Promise<Response> {
    const headers = { ...(init.headers as Record<string, string>), ...(await this.#authorization()) };
    return await fetchWithRetry(this.#retry, id, `${this.#apiUrl}/${path}`, { ...init, headers });
  }
}

/** The path with its parameters. Each is checked, so that none can lead elsewhere. */
function filled({ path }: Pick<Endpoint, 'path'>, args: readonly unknown[]): string {
  return parametersOf(path).reduce((text, name, index) => {
    if (!isPathParameter(name)) throw new Error(`the path parameter ${name} is not described`);
    const parsed = PATH_PARAMETERS[name].safeParse(args[index]);
    if (!parsed.success) throw new TypeError(`${name}: ${parsed.error.issues[0]?.message}`);
    return text.replace(`{${name}}`, encodeURIComponent(parsed.data));
  }, path);
}

function queryOf(content: unknown): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries((content ?? {}) as Record<string, unknown>))
    if (value !== undefined) query.set(name, String(value));
  return query.size === 0 ? '' : `?${query}`;
}

/** @throws Error if it takes longer */
async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the answer was not complete within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}
