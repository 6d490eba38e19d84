import type { Clock } from '../../process/clock.ts';
import type { EventOutcome } from '../hub/commands.ts';
import type { UpstreamEvent } from '../hub/upstream-event.ts';
import type { Limits } from '../limits.ts';
import type { LogSink } from '../log.ts';
import { AbuseProtection } from './abuse-protection.ts';
import { cloudEventBody, cloudEventHeaders } from './cloud-event.ts';
import { type EventHandler, findHandler, handlerUrl, VALIDATION_EVENT } from './event-handlers.ts';
import {
  type ConnectDecision,
  type HandlerResponse,
  readConnectReply,
  readEventReply,
} from './handler-reply.ts';
import { HandlerUnreachable, postToHandler } from './handler-request.ts';

export interface UpstreamOptions {
  /** Event handlers by hub key. */
  readonly handlers: ReadonlyMap<string, readonly EventHandler[]>;
  readonly accessKeys: readonly string[];
  readonly limits: Limits;
  readonly clock: Clock;
  readonly log: LogSink;
}

/** Sends events to the event handlers of the hubs. */
export class Upstream {
  readonly #options: UpstreamOptions;
  readonly #protection: AbuseProtection;
  readonly #stop = new AbortController();
  readonly #notifications = new Set<Promise<void>>();

  constructor(options: UpstreamOptions) {
    this.#options = options;
    this.#protection = new AbuseProtection(options.clock, options.limits);
  }

  /** Asks whether a client may connect. Without a handler for it, every client with a valid token may. Never rejects. */
  async connect(event: UpstreamEvent): Promise<ConnectDecision> {
    const handler = this.#handlerFor(event);
    if (handler === undefined) return { accepted: true };
    const response = await this.#deliver(handler, event);
    if (typeof response === 'string') return { accepted: false, status: 500, message: response };
    const decision = readConnectReply(response);
    if (!decision.accepted) this.#report(event, decision.message);
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
    if (handler === undefined) return;
    const delivery = this.#deliver(handler, event).then((response) => {
      this.#notifications.delete(delivery);
      if (typeof response !== 'string' && !(response.status >= 200 && response.status < 300)) {
        this.#report(event, `The event handler answered ${response.status}.`);
      }
    });
    this.#notifications.add(delivery);
  }

  /** Ends every request that is under way. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#notifications);
  }

  #handlerFor(event: UpstreamEvent): EventHandler | undefined {
    return findHandler(this.#options.handlers.get(event.hub) ?? [], event);
  }

  /** @returns the answer, or the sentence that says why there is none */
  async #deliver(handler: EventHandler, event: UpstreamEvent): Promise<HandlerResponse | string> {
    const { accessKeys, clock, limits } = this.#options;
    try {
      const verdict = this.#protection.allows(
        handlerUrl(handler, event.hub, VALIDATION_EVENT),
        event.originHost,
      );
      if (!(typeof verdict === 'boolean' ? verdict : await verdict)) {
        throw new HandlerUnreachable(`The event handler does not allow the origin '${event.originHost}'.`);
      }
      const request = {
        url: handlerUrl(handler, event.hub, event.name),
        headers: cloudEventHeaders(event, accessKeys, clock.now()),
        body: cloudEventBody(event.data.payload),
      };
      return await postToHandler(request, limits, this.#stop.signal);
    } catch (error) {
      const message =
        error instanceof HandlerUnreachable ? error.message : 'The event could not be delivered.';
      if (!this.#stop.signal.aborted) this.#report(event, `${message}${causeOf(error)}`);
      return message;
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
  for (const link of chain) {
    if (link instanceof Error && 'code' in link && typeof link.code === 'string') return ` (${link.code})`;
  }
  return '';
}
