/**
 * The state that the last stream of a call saved for the next one. A stream that comes back to this relay finds it
 * in memory. One that comes to another relay, or after a crash, finds it at the control app, where each stream saves
 * its state on every change. Without the address of the control app there is only this relay's memory.
 */
import type { Logger } from 'pino';
import type { Clock } from '../../shared/base/clock.ts';
import {
  openHandover,
  type SavedHandover,
  type StreamHandover,
  sealHandover,
} from '../../shared/wire/relay/stream-handover.ts';
import type { ProvableCall } from '../../shared/wire/signed/relay-proof.ts';
import { CallOverError, type HandoverClient } from './handover-client.ts';

/** Calls whose last stream this relay remembers. Beyond it, the relay forgets the oldest. */
const MAX_REMEMBERED = 1_000;
/** A call with a younger ticket has most likely had no stream, so ACS need not wait for the control app's answer. */
const FRESH_TICKET_MS = 1_000;

interface HandoversOptions {
  /** Undefined when the address of the control app is not set. */
  readonly client: HandoverClient | undefined;
  /** The ticket keys, one of which sealed what is stored. */
  readonly keys: readonly string[];
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly log: Logger;
}

/** A call whose state is being stored, one version at a time. */
interface Storing {
  /** The version to store next. */
  next: SavedHandover | undefined;
  done: Promise<void>;
}

export class Handovers {
  readonly #options: HandoversOptions;
  readonly #remembered = new Map<string, SavedHandover>();
  readonly #storing = new Map<string, Storing>();

  constructor(options: HandoversOptions) {
    this.#options = options;
  }

  /**
   * Resolves with undefined for the first stream of a call, and when the state cannot be loaded; with 'over' when the
   * control app says that the call is over. Never rejects.
   */
  async load(call: ProvableCall, ticketAgeMs: number): Promise<StreamHandover | 'over' | undefined> {
    const { callId } = call;
    const { client, keys, clock, log } = this.#options;
    const own = this.#remembered.get(callId);
    if (client === undefined || ticketAgeMs < FRESH_TICKET_MS) return own;
    try {
      const sealed = await client.get(call);
      const stored =
        sealed === undefined ? undefined : await openHandover(sealed, callId, keys, clock.nowMs());
      // The call may have been at another relay since it was here.
      if (stored === undefined || stored.version < (own?.version ?? 0)) return own;
      // A relay that could not load the last state has counted streams from the beginning.
      const newest = { ...stored, streams: Math.max(stored.streams, own?.streams ?? 0) };
      this.#remember(callId, newest);
      return newest;
    } catch (err) {
      if (err instanceof CallOverError) return 'over';
      log.warn({ callId, err }, 'could not load the state of the last stream of the call');
      return own;
    }
  }

  /**
   * Saves the state for the next stream; the last version counts. `isShared`: also at the control app, where another
   * relay can load it. Resolves when it is stored, or could not be. Never rejects.
   */
  save(call: ProvableCall, state: StreamHandover, isShared: boolean): Promise<void> {
    const { callId } = call;
    const last = this.#remembered.get(callId)?.version ?? 0;
    const handover = { ...state, version: Math.max(this.#options.clock.nowMs(), last + 1) };
    this.#remember(callId, handover);
    if (this.#options.client === undefined || !isShared) return Promise.resolve();
    const storing = this.#storing.get(callId);
    if (storing !== undefined) {
      storing.next = handover;
      return storing.done;
    }
    const begun: Storing = { next: handover, done: Promise.resolve() };
    this.#storing.set(callId, begun);
    begun.done = this.#storeAll(call, begun);
    return begun.done;
  }

  #remember(callId: string, handover: SavedHandover): void {
    this.#remembered.delete(callId);
    this.#remembered.set(callId, handover);
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > MAX_REMEMBERED && oldest !== undefined) this.#remembered.delete(oldest);
  }

  async #storeAll(call: ProvableCall, storing: Storing): Promise<void> {
    for (let handover = storing.next; handover !== undefined; handover = storing.next) {
      storing.next = undefined;
      await this.#store(call, handover);
    }
    this.#storing.delete(call.callId);
  }

  async #store(call: ProvableCall, handover: SavedHandover): Promise<void> {
    const { callId, ticketKey } = call;
    const { client, log } = this.#options;
    try {
      // Each relay that opens the call's ticket has this key.
      await client?.put(call, await sealHandover(handover, callId, ticketKey));
    } catch (err) {
      log.warn({ callId, err }, 'could not store the state of the stream for the next stream of the call');
    }
  }
}
