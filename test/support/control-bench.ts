import { type HttpHandler, HttpRequest, type HttpResponseInit, InvocationContext } from '@azure/functions';
import type { ControlApp, LoadControlApp } from '../../functions/control/control-app.ts';
import type { ControlDeps } from '../../functions/control/use-cases/deps.ts';
import type { CallRoute } from '../../shared/core/routes.ts';
import { AcsTokenError } from '../../shared/protocol/acs-token.ts';
import { CONNECTION_ID, PLAN, T0 } from './calls.ts';
import { FakeCallControl } from './fake-call-control.ts';
import { MemoryCallStore } from './memory-call-store.ts';

export const TICKET_KEY = 'a ticket key for the tests, long enough';

export const CALLER = '4:+14255550123';
export const CALLED = '4:+18005550199';
export const CONTEXT = 'eyJ.incoming-call-context';

/** The control app with telephony, storage and time of its own, so that a test decides about each. */
export class ControlBench {
  readonly store = new MemoryCallStore();
  readonly control = new FakeCallControl();
  readonly logged: string[] = [];
  nowMs = T0;
  /** Pauses that were slept, in milliseconds. */
  readonly slept: number[] = [];
  readonly deps: ControlDeps;
  readonly #app: ControlApp;
  #ids = 0;

  constructor(
    routes: readonly CallRoute[] = [{ name: 'everyone', match: {}, action: 'answer', plan: PLAN }],
  ) {
    this.deps = {
      store: this.store,
      control: this.control,
      clock: {
        now: () => this.nowMs,
        sleep: async (ms) => {
          this.slept.push(ms);
          this.nowMs += ms;
        },
      },
      newId: () => {
        this.#ids += 1;
        return `id-${this.#ids}`;
      },
      routes: { current: async () => routes },
      publicBaseUrl: 'https://control.example',
      relayUrl: 'wss://relay.example',
      ticketKey: TICKET_KEY,
      maxCallMs: 60 * 60_000,
    };
    this.#app = {
      deps: this.deps,
      ticketKeys: [TICKET_KEY],
      acsTokens: {
        verify: async (header) => {
          if (header !== 'Bearer good')
            throw new AcsTokenError(header === undefined ? 'missing' : 'malformed');
        },
      },
    };
  }

  readonly load: LoadControlApp = async () => this.#app;

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

  async call(handler: HttpHandler, options: RequestOptions = {}): Promise<Answer> {
    const { method = 'POST', params = {}, query = {}, headers = {}, body } = options;
    const request = new HttpRequest({
      method,
      url: 'https://control.example/api',
      params,
      query,
      headers,
      ...(body === undefined
        ? {}
        : { body: { string: typeof body === 'string' ? body : JSON.stringify(body) } }),
    });
    const response = (await handler(request, this.context())) as HttpResponseInit;
    const text = response.body === undefined ? undefined : String(response.body);
    const responseHeaders = new Headers(response.headers as Record<string, string> | undefined);
    return {
      status: response.status ?? 200,
      headers: responseHeaders,
      json: text === undefined ? JSON.parse(JSON.stringify(response.jsonBody ?? null)) : JSON.parse(text),
    };
  }
}

export interface RequestOptions {
  readonly method?: string;
  readonly params?: Record<string, string>;
  readonly query?: Record<string, string>;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly json: unknown;
}
