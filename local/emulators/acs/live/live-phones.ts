import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { HandshakeError, handshakeResponse } from '../../../../shared/web-socket/handshake.ts';
import { WebSocketConnection } from '../../../../shared/web-socket/web-socket-connection.ts';
import { LivePhone } from '../../../phone/live-phone.ts';
import type { Clock } from '../../common/clock.ts';
import type { Call } from '../call/call.ts';
import type { CallRegistry } from '../exchange/call-registry.ts';
import type { CalleeBook } from '../exchange/callee-book.ts';
import { identifierIn, type Switchboard } from '../exchange/switchboard.ts';
import type { CalleeOutcome, CalleeRinging, IncomingLeg } from '../telephones/callees.ts';
import { conflict, type LiveCall, Page } from './page.ts';
import { MAX_MESSAGE_BYTES } from './page-messages.ts';

/** Sockets of live telephones at the same time. */
export const MAX_PAGES = 16;
/** A live telephone hangs up after so much time on one call. */
const MAX_CALL_MS = 4 * 60 * 60_000;

interface LivePhonesOptions {
  readonly clock: Clock;
  readonly calls: CallRegistry;
  readonly switchboard: Switchboard;
  readonly callees: CalleeBook;
}

/** The telephones of people who speak and listen now, each on a socket. */
export class LivePhones {
  readonly #options: LivePhonesOptions;
  readonly #pages = new Set<Page>();
  /** By their tokens, to their ends. */
  readonly #calls = new Map<string, { readonly call: LiveCall; page: Page }>();
  #rung = 0;

  constructor(options: LivePhonesOptions) {
    this.#options = options;
  }

  /** Takes a connection whose request may come in. @returns the status of a refusal, which is not sent yet */
  accept(request: IncomingMessage, connection: Duplex, head: Buffer): 400 | 503 | undefined {
    if (this.#pages.size >= MAX_PAGES) return 503;
    const { clock } = this.#options;
    try {
      const response = handshakeResponse(request);
      const socket = new WebSocketConnection(connection, {
        role: 'server',
        response,
        head,
        clock,
        maxMessageBytes: MAX_MESSAGE_BYTES,
      });
      const page = new Page({
        socket,
        clock,
        exchange: {
          claim: (number, page) => this.#claim(number, page),
          call: (message, page) => this.#place(message, page),
          resume: (token, page) => this.#resume(token, page),
        },
        onClosed: (page) => this.#pages.delete(page),
      });
      this.#pages.add(page);
      return undefined;
    } catch (error) {
      if (error instanceof HandshakeError) return 400;
      throw error;
    }
  }

  /** One entry a socket. */
  report(): readonly object[] {
    return [...this.#pages].map((page) => page.report());
  }

  /** Cuts every socket, when the process ends. Idempotent. */
  close(): void {
    for (const page of this.#pages) page.close();
  }

  #place({ to, from }: { readonly to: string; readonly from: string }, page: Page): LiveCall {
    let phone: LivePhone | undefined;
    const call: Call = this.#options.switchboard.place({
      to,
      from,
      phone: (rawId, hangUp) => {
        phone = this.#phone(rawId, page, {
          onHangUp: () => hangUp(),
          onPress: (key) => call.line.press(key),
        });
        return phone;
      },
    });
    if (phone === undefined) throw new Error('a call was placed without its telephone');
    return this.#enter(phone, call.ids.callConnectionId, page, false);
  }

  #claim(number: string, page: Page): () => void {
    const { rawId } = identifierIn('number', number);
    const release = this.#options.callees.claim(rawId, (incoming) => this.#ring(rawId, incoming, page));
    if (release === undefined) throw conflict('numberTaken', 'Another live telephone has this number.');
    return release;
  }

  #ring(rawId: string, incoming: IncomingLeg, page: Page): CalleeRinging {
    const { promise, resolve } = Promise.withResolvers<CalleeOutcome>();
    const id = String(++this.#rung);
    if (page.busy) resolve({ type: 'busy' });
    else {
      page.ring(
        id,
        { from: incoming.from?.rawId, displayName: incoming.displayName },
        {
          answer: () => {
            const phone = this.#phone(rawId, page, {
              // Phones ask in the middle of a frame of the media clock, which is let finish first.
              onHangUp: () => queueMicrotask(() => incoming.hangUp()),
              onPress: incoming.press,
            });
            resolve({ type: 'answered', phone });
            return this.#enter(phone, incoming.callConnectionId, page, true);
          },
          decline: () => resolve({ type: 'declined' }),
          lost: () => resolve({ type: 'unavailable' }),
        },
      );
    }
    return {
      outcome: promise,
      cancel: () => {
        page.stopRinging(id);
        resolve({ type: 'noAnswer' });
      },
    };
  }

  #resume(token: string, page: Page): LiveCall {
    const entry = this.#calls.get(token);
    if (entry?.call.phone.lost === true)
      throw conflict('phoneLost', 'The telephone has hung up: it had no socket for 5 s.');
    if (entry === undefined || entry.call.phone.over)
      throw conflict('unknownToken', 'No call of this token is going on.');
    if (this.#pages.has(entry.page)) entry.page.handOver();
    entry.page = page;
    return entry.call;
  }

  #phone(
    rawId: string,
    page: Page,
    how: Pick<ConstructorParameters<typeof LivePhone>[0], 'onHangUp' | 'onPress'>,
  ) {
    return new LivePhone({ rawId, handset: page, clock: this.#options.clock, maxMs: MAX_CALL_MS, ...how });
  }

  /** Calls that are over are forgotten here, and their audio is kept by the register of calls. */
  #enter(phone: LivePhone, callConnectionId: string, page: Page, answered: boolean): LiveCall {
    for (const [token, { call }] of this.#calls) if (call.phone.over) this.#calls.delete(token);
    const callId = this.#options.calls.keepAudio(callConnectionId, phone) ?? '';
    const token = randomBytes(16).toString('base64url');
    const call: LiveCall = { phone, callId, callConnectionId, token, answered };
    this.#calls.set(token, { call, page });
    return call;
  }
}
