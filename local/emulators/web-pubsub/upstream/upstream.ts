import type { Clock } from '../../common/clock.ts';
import type { PrintLine } from '../../common/request-log.ts';
import type { Limits } from '../base/limits.ts';
import type { LogSink } from '../base/log.ts';
import type { EventOutcome, UpstreamEvent } from '../hub/commands.ts';
import type { Meter } from '../meter/hub-meter.ts';
import { AbuseProtection } from './abuse-protection.ts';
import { cloudEventBody, cloudEventHeaders } from './cloud-event.ts';
import { CookieJars } from './cookie-jars.ts';
import { type EventHandler, findHandler, handlerUrl, VALIDATION_EVENT } from './event-handlers.ts';
import { HandlerCall } from './handler-call.ts';
import { HandlerConnections, type HandlerResponse, HandlerUnreachable } from './handler-connections.ts';
import { type ConnectDecision, readConnectReply, readEventReply } from './handler-reply.ts';
import type { IdentityIssuer } from './identity-issuer.ts';
import type { WebhookFaults } from './webhook-faults.ts';

/** Event handlers by hub key. */
export type HandlerTable = ReadonlyMap<string, readonly EventHandler[]>;

interface UpstreamOptions {
  readonly handlers: HandlerTable;
  readonly accessKeys: readonly string[];
  readonly limits: Limits;
  readonly clock: Clock;
  readonly identity: IdentityIssuer;
  readonly meter: Meter;
  readonly faults: WebhookFaults;
  readonly log: LogSink;
  readonly requestLog: PrintLine | undefined;
}

/** Sends events to the event handlers of the hubs. */
export class Upstream {
  readonly #options: UpstreamOptions;
  readonly #connections: HandlerConnections;
  readonly #protection: AbuseProtection;
  readonly #jars = new CookieJars();
  readonly #calls = new Set<HandlerCall>();
  readonly #notifications = new Set<Promise<void>>();
  #handlers: HandlerTable;
  #stopping = false;

  constructor(options: UpstreamOptions) {
    this.#options = options;
    this.#handlers = options.handlers;
    this.#connections = new HandlerConnections(options.limits.handlerReplyBytes);
    this.#protection = new AbuseProtection(this.#connections, options.clock, options.limits);
  }

  /** Replaces the event handlers. Events under way go on; the service asks every handler again for permission. */
  configure(handlers: HandlerTable): void {
    this.#handlers = handlers;
    this.#protection.forget();
  }

  /** Asks whether a client may connect. Without a handler, every client with a valid token may. Never rejects. */
  async connect(event: UpstreamEvent): Promise<ConnectDecision> {
    const handler = this.#handlerFor(event);
    if (handler === undefined) return { accepted: true };
    const response = await this.#deliver(handler, event);
    const decision: ConnectDecision =
      typeof response === 'string'
        ? { accepted: false, status: 500, message: response }
        : readConnectReply(response);
    if (!decision.accepted) {
      this.#jars.forget(event.connectionId);
      if (typeof response !== 'string') this.#report(event, decision.message);
    }
    return decision;
  }

  /** Delivers a user event and reads the reply. A user event that no handler takes has failed. Never rejects. */
  async call(event: UpstreamEvent): Promise<EventOutcome> {
    const handler = this.#handlerFor(event);
    if (handler === undefined) {
      const message = `No event handler of hub '${event.hub}' takes the event.`;
      this.#report(event, message);
      return { ok: false, message };
    }
    const response = await this.#deliver(handler, event);
    if (typeof response === 'string') return { ok: false, message: response };
    const outcome = readEventReply(response);
    if (!outcome.ok) this.#report(event, outcome.message);
    return outcome;
  }

  /** Delivers an event that nobody waits for. */
  notify(event: UpstreamEvent): void {
    const handler = this.#handlerFor(event);
    const { notificationsUnderWay } = this.#options.limits;
    if (handler === undefined || this.#notifications.size >= notificationsUnderWay) {
      if (handler !== undefined) this.#report(event, 'Too many events wait for event handlers: dropped.');
      this.#afterwards(event);
      return;
    }
    const delivery = this.#deliver(handler, event).then((response) => {
      this.#notifications.delete(delivery);
      this.#afterwards(event);
      if (typeof response !== 'string' && !(response.status >= 200 && response.status < 300))
        this.#report(event, `The event handler answered ${response.status}.`);
    });
    this.#notifications.add(delivery);
  }

  /** Ends every request that is under way. */
  async close(): Promise<void> {
    this.#stopping = true;
    for (const call of this.#calls) call.cancel('The service is stopping.');
    this.#protection.cancel('The service is stopping.');
    this.#connections.close();
    await Promise.all(this.#notifications);
  }

  #handlerFor(event: UpstreamEvent): EventHandler | undefined {
    return findHandler(this.#handlers.get(event.hub) ?? [], event);
  }

  /** The last event of a connection ends what is kept for it. */
  #afterwards({ category, name, connectionId }: UpstreamEvent): void {
    if (category === 'system' && name === 'disconnected') this.#jars.forget(connectionId);
  }

  /** @returns the answer, or the sentence that says why there is none */
  async #deliver(handler: EventHandler, event: UpstreamEvent): Promise<HandlerResponse | string> {
    try {
      const { auth } = handler;
      const authorization =
        auth === undefined ? undefined : `Bearer ${await this.#options.identity.token(auth.resource)}`;
      const asked = this.#protection.refusal(
        handlerUrl(handler, event.hub, VALIDATION_EVENT),
        event.originHost,
        authorization,
      );
      const refusal = asked instanceof Promise ? await asked : asked;
      if (refusal !== undefined) throw refusal;
      return await this.#post(new URL(handlerUrl(handler, event.hub, event.name)), event, authorization);
    } catch (error) {
      const message =
        error instanceof HandlerUnreachable ? error.message : 'The event could not be delivered.';
      if (!this.#stopping) this.#report(event, `${message}${causeOf(error)}`);
      return message;
    }
  }

  async #post(url: URL, event: UpstreamEvent, authorization: string | undefined): Promise<HandlerResponse> {
    const { accessKeys, clock, limits, meter, faults, requestLog } = this.#options;
    if (this.#stopping) throw new HandlerUnreachable('The service is stopping.');
    const headers = cloudEventHeaders(event, accessKeys, clock.now());
    if (authorization !== undefined) headers['Authorization'] = authorization;
    const cookies = this.#jars.header(event.connectionId, url, clock.now());
    if (cookies !== undefined) headers['Cookie'] = cookies;
    const body = cloudEventBody(event.data.payload);
    const hubMeter = meter.hub(event.hub);
    const send = () => {
      hubMeter.event(Buffer.byteLength(body));
      return this.#connections.send({ method: 'POST', url, headers, body });
    };
    const call = new HandlerCall(() => faults.around(event.hub, event.name, send), clock, limits);
    this.#calls.add(call);
    const startedMs = clock.now();
    try {
      const response = await call.answer;
      const { category, name, connectionId } = event;
      const ms = Math.round(clock.now() - startedMs);
      requestLog?.(`event ${category}:${name} of ${connectionId}: ${response.status}, ${ms} ms`);
      this.#jars.receive(event.connectionId, response.headers['set-cookie'], url, clock.now());
      return response;
    } finally {
      this.#calls.delete(call);
    }
  }

  #report(event: UpstreamEvent, message: string): void {
    const { hub, connectionId, category, name, id } = event;
    this.#options.log({
      level: 'warn',
      message,
      hub,
      connectionId,
      event: `${category}:${name}`,
      eventId: id,
    });
  }
}

/** The code of a network error, such as ECONNREFUSED; its text may hold addresses with keys in their query. */
function causeOf(error: unknown): string {
  const chain = [error];
  for (let cause = error; cause instanceof Error && chain.length < 5; ) {
    cause = cause.cause;
    chain.push(cause);
  }
  for (const link of chain)
    if (link instanceof Error && 'code' in link && typeof link.code === 'string') return ` (${link.code})`;
  return '';
}
