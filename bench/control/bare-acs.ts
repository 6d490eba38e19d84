import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { incomingCallEvent } from '../../local/emulators/event-grid/incoming-call.ts';
import { eventGridWebhook, type SystemLayout } from '../../local/run/stack/specs.ts';

const TOKEN_LIFETIME = '5m';
const KEY_ID = 'bench';

/** A call as this side has it. */
export interface BareCall {
  readonly context: string;
  readonly callConnectionId: string;
  readonly serverCallId: string;
  readonly correlationId: string;
}

/** Of one incoming call: from the event to the request that answers it, and to the acknowledgement of the event. */
export interface AnswerTimes {
  readonly call: BareCall;
  readonly callbackUri: string;
  readonly answerMs: number;
  readonly acknowledgedMs: number;
}

interface Waiting {
  readonly call: BareCall;
  readonly answered: (at: { readonly atMs: number; readonly callbackUri: string }) => void;
}

/**
 * In the place of ACS and Event Grid: rings, answers every request at once, and posts callbacks with tokens that the
 * control app accepts. What is measured against it holds no time of ACS.
 */
export class BareAcs {
  readonly #layout: SystemLayout;
  readonly #url: string;
  readonly #waiting = new Map<string, Waiting>();
  readonly #server = createServer((request, response) => {
    this.#serve(request, response).catch(() => response.destroy());
  });
  readonly #keys = generateKeyPair('RS256');
  #rung = 0;

  private constructor(layout: SystemLayout) {
    this.#layout = layout;
    this.#url = `http://127.0.0.1:${layout.ports.acs}`;
  }

  static async start(layout: SystemLayout): Promise<BareAcs> {
    const acs = new BareAcs(layout);
    acs.#server.listen(layout.ports.acs, '127.0.0.1');
    await once(acs.#server, 'listening');
    return acs;
  }

  /** Delivers one IncomingCall, and waits until it is answered and acknowledged. */
  async ring(): Promise<AnswerTimes> {
    this.#rung += 1;
    const call: BareCall = {
      context: randomUUID(),
      callConnectionId: randomUUID(),
      serverCallId: randomUUID(),
      correlationId: randomUUID(),
    };
    const from = `+1425555${String(1_000 + (this.#rung % 9_000))}`;
    const { promise: answer, resolve: answered } = Promise.withResolvers<{
      readonly atMs: number;
      readonly callbackUri: string;
    }>();
    this.#waiting.set(call.context, { call, answered });
    const body = JSON.stringify([
      incomingCallEvent({
        eventId: randomUUID(),
        topic: '/subscriptions/bench',
        nowMs: Date.now(),
        from: identifier(from),
        to: identifier('+14255550199'),
        serverCallId: call.serverCallId,
        callerDisplayName: '',
        sipHeaders: {},
        voipHeaders: {},
        incomingCallContext: call.context,
        correlationId: call.correlationId,
      }),
    ]);
    const startedMs = performance.now();
    await post(eventGridWebhook(this.#layout), body, { 'aeg-event-type': 'Notification' });
    const acknowledgedMs = performance.now() - startedMs;
    const { atMs, callbackUri } = await answer;
    return { call, callbackUri, answerMs: atMs - startedMs, acknowledgedMs };
  }

  /**
   * Posts one callback event of a call, and waits until it is acknowledged. @returns how long that took, in
   * milliseconds
   */
  async tell({ call, callbackUri }: AnswerTimes, type: string, data: object = {}): Promise<number> {
    const { callConnectionId, serverCallId, correlationId } = call;
    const body = JSON.stringify([
      {
        id: randomUUID(),
        source: `calling/callConnections/${callConnectionId}`,
        type: `Microsoft.Communication.${type}`,
        data: { version: '2025-06-15', callConnectionId, serverCallId, correlationId, ...data },
        time: new Date().toISOString(),
        specversion: '1.0',
        datacontenttype: 'application/json',
        subject: `calling/callConnections/${callConnectionId}`,
      },
    ]);
    const token = await new SignJWT()
      .setProtectedHeader({ alg: 'RS256', kid: KEY_ID })
      .setIssuer(this.#url)
      .setAudience(this.#layout.secrets.acsResourceId)
      .setIssuedAt()
      .setExpirationTime(TOKEN_LIFETIME)
      .sign((await this.#keys).privateKey);
    const startedMs = performance.now();
    await post(callbackUri, body, { authorization: `Bearer ${token}` });
    return performance.now() - startedMs;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const atMs = performance.now();
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    if (path === '/calling/keys') {
      const jwk = await exportJWK((await this.#keys).publicKey);
      return answerWith(response, 200, { keys: [{ ...jwk, kid: KEY_ID, alg: 'RS256', use: 'sig' }] });
    }
    if (path !== '/calling/callConnections:answer') {
      request.resume();
      return answerWith(response, path.endsWith(':terminate') ? 204 : 202);
    }
    const { incomingCallContext = '', callbackUri = '' } = (await json(request)) as Record<string, string>;
    const waiting = this.#waiting.get(incomingCallContext);
    if (waiting === undefined) return answerWith(response, 404, { error: { code: '8522', message: 'gone' } });
    this.#waiting.delete(incomingCallContext);
    const { callConnectionId, serverCallId, correlationId } = waiting.call;
    answerWith(response, 200, {
      callConnectionId,
      serverCallId,
      correlationId,
      callbackUri,
      callConnectionState: 'connecting',
      targets: [],
    });
    waiting.answered({ atMs, callbackUri });
  }
}

function identifier(number: string): { rawId: string; kind: string; phoneNumber: { value: string } } {
  return { rawId: `4:${number}`, kind: 'phoneNumber', phoneNumber: { value: number } };
}

function answerWith(response: ServerResponse, status: number, body?: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

async function post(url: string, body: string, headers: Record<string, string>): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`the control app answered ${response.status}: ${text}`);
}
