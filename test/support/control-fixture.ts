import { type HttpHandler, HttpRequest, type HttpResponseInit, InvocationContext } from '@azure/functions';
import { createAccess, type HostCheck } from '../../functions/control/access/access.ts';
import { createOutboundGuard } from '../../functions/control/access/outbound-guard.ts';
import { StreamPlaces } from '../../functions/control/access/stream-places.ts';
import type { ControlApp, LoadControlApp } from '../../functions/control/app.ts';
import { handlerOf } from '../../functions/control/triggers/register-endpoints.ts';
import type { ControlDeps } from '../../functions/control/use-cases/deps.ts';
import { MessageEntries } from '../../functions/control/use-cases/message-entries.ts';
import {
  type HealthProbe,
  type HealthProbes,
  HealthWatch,
} from '../../functions/control/use-cases/watch-health.ts';
import type { CallRoute } from '../../shared/call/route.ts';
import { ENDPOINTS, type OperationId } from '../../shared/wire/api/endpoints.ts';
import { TokenError } from '../../shared/wire/signed/verify-signed.ts';
import { CONNECTION_ID, PLAN, T0 } from './calls.ts';
import { FakeAcsCalls } from './fake-acs-calls.ts';
import { MemoryBudget } from './memory-budget.ts';
import { MemoryCallStore } from './memory-call-store.ts';
import { MemoryIdempotencyStore } from './memory-idempotency-store.ts';

export const TICKET_KEY = 'a ticket key for the tests, long enough';

/** Whom the fixture may call, and how often. */
export type FixtureOutbound = Pick<Parameters<typeof createOutboundGuard>[0], 'allowed' | 'callsPerHour'>;

const ANYBODY: FixtureOutbound = { allowed: ['+*', '8:acs:*'], callsPerHour: 1_000 };

/** How long the fixture keeps calls of the past. */
export const RETENTION_MS = 30 * 24 * 3_600_000;

export const CALLER = '4:+14255550123';
export const CALLED = '4:+18005550199';
export const CONTEXT = 'eyJ.incoming-call-context';

/** The control app with telephony, storage and time of its own, so that a test decides about each. */
export class ControlFixture {
  readonly store = new MemoryCallStore();
  readonly acs = new FakeAcsCalls();
  readonly idempotency = new MemoryIdempotencyStore();
  /** Handovers by call. */
  readonly handovers = new Map<string, { readonly sealed: string; readonly version: number }>();
  /** The timelines that are being streamed. */
  readonly streams = new StreamPlaces();
  readonly logged: string[] = [];
  /** How the other parts of the system are. */
  readonly probes: Record<keyof HealthProbes, HealthProbe> = {
    storage: async () => ({ state: 'up' }),
    relay: async () => ({ state: 'up' }),
    'web-pubsub': async () => ({ state: 'up' }),
    workers: async () => ({ state: 'up' }),
  };
  /** The way to relays. */
  publishToRelay: ControlDeps['publishToRelay'];
  /** Function keys have the role Calls.Listen. */
  keyMayListen = false;
  nowMs = T0;
  /** Pauses that were slept, in milliseconds. */
  readonly slept: number[] = [];
  readonly deps: ControlDeps;
  readonly #app: ControlApp;
  #ids = 0;

  constructor(
    routes: readonly CallRoute[] = [{ name: 'everyone', match: {}, action: 'answer', plan: PLAN }],
    outbound: FixtureOutbound = ANYBODY,
  ) {
    const newId = (): string => {
      this.#ids += 1;
      return `id-${this.#ids}`;
    };
    this.deps = {
      store: this.store,
      acs: this.acs,
      clock: {
        now: () => this.nowMs,
        sleep: async (ms) => {
          this.slept.push(ms);
          this.nowMs += ms;
        },
      },
      newId,
      messages: new MessageEntries({ store: this.store, newId }),
      routes: { current: async () => routes },
      publicBaseUrl: 'https://control.example',
      relayUrl: 'wss://relay.example',
      ticketKey: TICKET_KEY,
      maxCallMs: 60 * 60_000,
    };
    const fixture = this;
    this.#app = {
      deps: this.deps,
      access: createAccess({
        ticketKeys: [TICKET_KEY],
        readCall: (callId) => this.store.get(callId),
        now: () => this.nowMs,
        readsPerMinute: 60_000,
        actsPerMinute: 60_000,
        get keyMayListen() {
          return fixture.keyMayListen;
        },
      }),
      outbound: createOutboundGuard({
        ...outbound,
        budget: new MemoryBudget(),
        now: () => this.nowMs,
      }),
      idempotency: this.idempotency,
      retentionMs: RETENTION_MS,
      handovers: {
        get: async (callId) => this.handovers.get(callId)?.sealed,
        put: async (callId, sealed, version) => {
          if ((this.handovers.get(callId)?.version ?? 0) > version) return false;
          this.handovers.set(callId, { sealed, version });
          return true;
        },
        remove: async (callId) => void this.handovers.delete(callId),
      },
      streams: this.streams,
      health: new HealthWatch({ probes: this.probes, now: () => this.nowMs }),
      ticketKeys: [TICKET_KEY],
      acsTokens: {
        verify: async (header) => {
          if (header !== 'Bearer good')
            throw new TokenError('ACS token', header === undefined ? 'missing' : 'malformed');
        },
      },
    };
  }

  readonly load: LoadControlApp = async () => {
    const { publishToRelay } = this;
    return publishToRelay === undefined
      ? this.#app
      : { ...this.#app, deps: { ...this.deps, publishToRelay } };
  };

  context(): InvocationContext {
    const note = (_level: string, ...args: unknown[]): void => {
      this.logged.push(args.join(' '));
    };
    return new InvocationContext({ invocationId: 'i', functionName: 'f', logHandler: note });
  }

  /** Event Grid's event of a call that comes in now. */
  incomingEvent(fields: Record<string, unknown> = {}, data: Record<string, unknown> = {}): unknown {
    return {
      id: 'grid-event-1',
      eventType: 'Microsoft.Communication.IncomingCall',
      eventTime: new Date(this.nowMs).toISOString(),
      data: {
        incomingCallContext: CONTEXT,
        from: { rawId: CALLER, phoneNumber: { value: CALLER.slice(2) } },
        to: { rawId: CALLED, phoneNumber: { value: CALLED.slice(2) } },
        ...data,
      },
      ...fields,
    };
  }

  /** A callback event of ACS that happens now. */
  callbackEvent(type: string, id: string, data: Record<string, unknown> = {}): Record<string, unknown> {
    return {
      id,
      source: `calling/callConnections/${CONNECTION_ID}`,
      type: `Microsoft.Communication.${type}`,
      time: new Date(this.nowMs).toISOString(),
      specversion: '1.0',
      data: { callConnectionId: CONNECTION_ID, ...data },
    };
  }

  /** Asks the HTTP API for one of its operations. */
  ask(id: OperationId, options: RequestOptions = {}): Promise<Answer> {
    const { method, path } = ENDPOINTS[id];
    const { params = {} } = options;
    const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
    const { hostCheck = 'function-key' } = options;
    return this.call(handlerOf(id, this.load, hostCheck), { method, path: filled, ...options });
  }

  async call(handler: HttpHandler, options: RequestOptions = {}): Promise<Answer> {
    const response = await this.respond(handler, options);
    const text = response.body === undefined ? undefined : await textOf(response.body);
    const headers = new Headers(response.headers as Record<string, string> | undefined);
    const isJson = headers.get('content-type')?.includes('json') ?? true;
    return {
      status: response.status ?? 200,
      headers,
      text: text ?? '',
      json:
        text === undefined
          ? JSON.parse(JSON.stringify(response.jsonBody ?? null))
          : isJson
            ? JSON.parse(text)
            : undefined,
    };
  }

  /** What a handler gives the host, its body unread. */
  async respond(handler: HttpHandler, options: RequestOptions = {}): Promise<HttpResponseInit> {
    const { method = 'POST', path = '', params = {}, query = {}, headers = {}, body } = options;
    const request = new HttpRequest({
      method,
      url: `https://control.example/api/${path}`,
      params,
      query,
      headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
      ...(body === undefined
        ? {}
        : { body: { string: typeof body === 'string' ? body : JSON.stringify(body) } }),
    });
    return (await handler(request, this.context())) as HttpResponseInit;
  }
}

function textOf(body: unknown): Promise<string> {
  return new Response(body as ConstructorParameters<typeof Response>[0]).text();
}

export interface RequestOptions {
  readonly method?: string;
  /** What the host has asked of the caller; absent, a function key. */
  readonly hostCheck?: HostCheck;
  /** Below `/api/`. */
  readonly path?: string;
  readonly params?: Record<string, string>;
  readonly query?: Record<string, string>;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body, where it is JSON; null where there is none. */
  readonly json: unknown;
}
