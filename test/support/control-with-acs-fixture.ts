import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { controlAppLoader, type LoadControlApp } from '../../functions/control/app.ts';
import type { Call } from '../../functions/control/call/model.ts';
import { callEvents } from '../../functions/control/triggers/call-events.ts';
import { incomingCall } from '../../functions/control/triggers/incoming-call.ts';
import type { ControlDeps } from '../../functions/control/use-cases/deps.ts';
import { type RunningAcs, startAcs } from '../../local/emulators/acs/server/acs.ts';
import { startTables } from '../../local/emulators/storage/server.ts';
import { FakePhone } from '../local/emulators/acs/media/fake-phone.ts';
import { newAcsResource, SIGNING_KEY } from './acs-resource.ts';
import { type ControlHostFixture, startControlHostFixture } from './control-host-fixture.ts';
import { until } from './until.ts';

export const TICKET_KEY = 'a ticket key for the tests, long enough';
const RESOURCE_ID = '33333333-3333-3333-3333-333333333333';

/** Says nothing: for use cases that a test calls by itself. */
export interface MediaSocket {
  readonly socket: WebSocket;
  readonly url: URL;
  /** The header that proves that ACS dials. */
  readonly authorization: string;
}

/**
 * The control app against the emulators of ACS and table storage, over loopback; the relay takes every media socket and
 * says nothing.
 */
export class ControlWithAcsFixture {
  readonly acs: RunningAcs;
  readonly host: ControlHostFixture;
  /** Media sockets in the order in which ACS has dialled them. */
  readonly sockets: readonly MediaSocket[];
  readonly #env: Record<string, string>;
  readonly #controlToken: string;
  readonly #close: () => Promise<void>;
  #load: LoadControlApp;

  private constructor(parts: Parts) {
    this.acs = parts.acs;
    this.host = parts.host;
    this.sockets = parts.sockets;
    this.#env = parts.env;
    this.#controlToken = parts.controlToken;
    this.#close = parts.close;
    this.#load = this.#newApp();
  }

  static async start(routes: readonly object[]): Promise<ControlWithAcsFixture> {
    const tables = await startTables({ port: 0 });
    const host = await startControlHostFixture();
    const controlToken = randomBytes(16).toString('hex');
    const acs = await startAcs(
      {
        ...newAcsResource(),
        resourceId: RESOURCE_ID,
        controlToken,
        eventGrid: { endpoint: host.eventGridUrl },
      },
      { signingKey: SIGNING_KEY },
    );
    const relay = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await new Promise<void>((resolve) => relay.once('listening', () => resolve()));
    const sockets: MediaSocket[] = [];
    relay.on('connection', (socket, request) => {
      const { url = '', headers } = request;
      const authorization = headers.authorization ?? '';
      sockets.push({ socket, url: new URL(url, 'ws://relay'), authorization });
      socket.on('message', () => {});
    });
    const close = async (): Promise<void> => {
      for (const { socket } of sockets) socket.terminate();
      await acs.close();
      await host.close();
      await tables.close();
      await new Promise((resolve) => relay.close(resolve));
    };
    const env = {
      ACS_CONNECTION_STRING: acs.connectionString,
      ACS_TOKEN_AUDIENCE: RESOURCE_ID,
      ACS_TOKEN_ISSUER: acs.tokens.issuer,
      ACS_JWKS_URL: acs.tokens.jwksUrl,
      PUBLIC_BASE_URL: host.url,
      RELAY_URL: `ws://127.0.0.1:${(relay.address() as AddressInfo).port}`,
      RELAY_TICKET_KEY: TICKET_KEY,
      CALL_ROUTES: JSON.stringify(routes),
      TABLES_CONNECTION_STRING: tables.connectionString,
    };
    const fixture = new ControlWithAcsFixture({ acs, host, sockets, env, controlToken, close });
    await fixture.#loadSdks();
    return fixture;
  }

  /** Otherwise the first call would wait for that, while its limits run. */
  async #loadSdks(): Promise<void> {
    const { acs, store } = await this.deps();
    await acs.properties('unknown-connection');
    await store.listLive(1);
  }

  /** A new app from the settings, as after a restart: it remembers nothing. */
  restartApp(): void {
    this.#load = this.#newApp();
  }

  async deps(): Promise<ControlDeps> {
    return (await this.#load()).deps;
  }

  ring(to: string, from = '+14255550123', deliveries = 1): ReturnType<RunningAcs['placeCall']> {
    return this.acs.placeCall({ from, to, deliveries, phone: (rawId) => new FakePhone(rawId) });
  }

  async live(): Promise<readonly Call[]> {
    return (await this.deps()).store.listLive(10);
  }

  /** The live call to this number, as soon as it is in such a state. */
  async callTo(to: string, state: (call: Call) => boolean, what: string): Promise<Call> {
    return await until(
      async () => (await this.live()).find((call) => call.to === `…${to.slice(-4)}` && state(call)),
      what,
    );
  }

  /** A call by its id, as soon as it is in such a state. */
  async call(callId: string, state: (call: Call) => boolean, what: string): Promise<Call> {
    const { store } = await this.deps();
    return await until(async () => {
      const call = await store.get(callId);
      return call !== undefined && state(call) ? call : undefined;
    }, what);
  }

  /** The types of a call's timeline in their order. */
  async timeline(callId: string): Promise<string[]> {
    return (await (await this.deps()).store.timeline(callId, 200)).map(({ type }) => type);
  }

  /** The same once there are entries of this type: an event is entered a moment after its effect on the call. */
  async timelineWith(callId: string, type: string, times = 1): Promise<string[]> {
    return await until(async () => {
      const types = await this.timeline(callId);
      return types.filter((each) => each === type).length >= times && types;
    }, `${times} ${type} in the timeline`);
  }

  /** The media sockets of a call in the order in which ACS has dialled them. */
  socketsOf(callId: string): readonly MediaSocket[] {
    return this.sockets.filter(({ url }) => url.pathname === `/media/${callId}`);
  }

  /** Whatever ACS tells meanwhile waits until the act is done; for no longer than ACS waits for an answer. */
  async unheard<T>(act: () => Promise<T>): Promise<T> {
    const { handlers } = this.host;
    if (handlers === undefined) throw new Error('nobody hears what ACS tells');
    const { promise: done, resolve } = Promise.withResolvers<void>();
    this.host.handlers = {
      ...handlers,
      callEvents: async (request, context) => {
        await done;
        return await handlers.callEvents(request, context);
      },
    };
    try {
      return await act();
    } finally {
      this.host.handlers = handlers;
      resolve();
    }
  }

  /** The control surface of ACS. */
  async controlAcs(path: string, body: unknown): Promise<void> {
    const response = await fetch(`${this.acs.url}/control/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.#controlToken}` },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`the control surface answered ${response.status}`);
  }

  close(): Promise<void> {
    return this.#close();
  }

  #newApp(): LoadControlApp {
    const load = controlAppLoader(this.#env);
    this.host.handlers = { incomingCall: incomingCall(load), callEvents: callEvents(load) };
    return load;
  }
}

interface Parts {
  readonly acs: RunningAcs;
  readonly host: ControlHostFixture;
  readonly sockets: readonly MediaSocket[];
  readonly env: Record<string, string>;
  readonly controlToken: string;
  readonly close: () => Promise<void>;
}
