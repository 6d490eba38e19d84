/**
 * What the last stream of a call has left for the next. A stream that comes back to this relay finds it here; one that comes to another relay, or after
 * a crash, finds it at the control app, where each stream leaves it as soon as it is known. Where the control app is not known there is only this relay.
 */
import type { Logger } from 'pino';
import { openHandover, type StreamHandover, sealHandover } from '../../shared/wire/relay/stream-handover.ts';
import type { KeptHandovers } from './kept-handovers.ts';

/** Calls of which this relay remembers the last stream; the oldest is forgotten beyond it. */
const MAX_REMEMBERED = 1_000;
/** A call whose ticket is younger than this has most likely had no stream: ACS need not wait until the control app has been asked. */
export const FRESH_TICKET_MS = 1_000;

export interface HandoversOptions {
  /** Absent where the address of the control app is not known. */
  readonly kept: KeptHandovers | undefined;
  /** The ticket keys, the present one first. */
  readonly keys: readonly [string, ...string[]];
  readonly log: Logger;
}

/** A call whose handovers are being kept, one at a time. */
interface Keeping {
  /** To be kept next. */
  next: StreamHandover | undefined;
  done: Promise<void>;
}

export interface HandoverCall {
  readonly callId: string;
  /** As it came. Never logged. */
  readonly ticketText: string;
}

export class Handovers {
  readonly #options: HandoversOptions;
  readonly #remembered = new Map<string, StreamHandover>();
  readonly #keeping = new Map<string, Keeping>();

  constructor(options: HandoversOptions) {
    this.#options = options;
  }

  /** What the last stream left; undefined for the first stream of a call, and where it is not to be had. Never rejects. */
  async take({ callId, ticketText }: HandoverCall, ticketAgeMs: number): Promise<StreamHandover | undefined> {
    const { kept, keys, log } = this.#options;
    const own = this.#remembered.get(callId);
    if (kept === undefined || ticketAgeMs < FRESH_TICKET_MS) return own;
    try {
      const sealed = await kept.get(callId, ticketText);
      const handover = sealed === undefined ? undefined : await openHandover(sealed, callId, keys);
      // The call may have been elsewhere since it was here.
      return handover !== undefined && handover.streams >= (own?.streams ?? 0) ? handover : own;
    } catch (err) {
      log.warn({ callId, err }, 'what the last stream of the call has left is not to be had');
      return own;
    }
  }

  /**
   * Leaves it for the next stream. The last that was left counts. `isKept`: not only this relay is to find it.
   * Resolves when it is kept, or could not be; never rejects.
   */
  leave(call: HandoverCall, handover: StreamHandover, isKept: boolean): Promise<void> {
    const { callId } = call;
    this.#remembered.delete(callId);
    this.#remembered.set(callId, handover);
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > MAX_REMEMBERED && oldest !== undefined) this.#remembered.delete(oldest);
    if (this.#options.kept === undefined || !isKept) return Promise.resolve();
    const keeping = this.#keeping.get(callId);
    if (keeping !== undefined) {
      keeping.next = handover;
      return keeping.done;
    }
    const begun: Keeping = { next: handover, done: Promise.resolve() };
    this.#keeping.set(callId, begun);
    begun.done = this.#keepAll(call, begun);
    return begun.done;
  }

  async #keepAll(call: HandoverCall, keeping: Keeping): Promise<void> {
    for (let handover = keeping.next; handover !== undefined; handover = keeping.next) {
      keeping.next = undefined;
      await this.#keep(call, handover);
    }
    this.#keeping.delete(call.callId);
  }

  async #keep({ callId, ticketText }: HandoverCall, handover: StreamHandover): Promise<void> {
    const { kept, keys, log } = this.#options;
    try {
      await kept?.put(callId, ticketText, await sealHandover(handover, callId, keys[0]));
    } catch (err) {
      log.warn({ callId, err }, 'the next stream of the call will not know of this one');
    }
  }
}
