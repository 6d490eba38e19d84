/**
 * One handler while it runs, and what ends it before it has returned.
 *
 *     running ──returns, and its reply is said, or throws──────────────────────────────────▶ over
 *        ├──interrupted, or the call ends──▶ leaving ──returns, throws, or LEAVE_LIMIT_MS──▶ over
 *        └──HANDLER_LIMIT_MS since it last played, or LONGEST_HANDLER_MS───────────────────▶ over
 *
 * A lane delivers one event at a time, so an interruption cannot come as an event while a handler runs. The handler
 * listens for it (`Listen`). A handler that is over can play nothing and request nothing, unless its process stays with
 * the call and it has returned in time (`Background`).
 */
import { systemClock } from '../../../shared/base/clock.ts';
import { afterSilence } from '../../../shared/base/own-pause.ts';
import type { LaneEvent } from '../../../shared/wire/lane/worker-messages.ts';
import { isSpoken, type SpokenAudio } from './lane-audio.ts';
import { InterruptedError, type PacketNumbers, PlayError, type Player } from './player.ts';
import type { HandlerResult, WorkerReply } from './worker.ts';

/**
 * How long a handler may take, from its beginning or from its last `play`. Its lane hears nothing meanwhile, so a later
 * reply would be of no use.
 */
const HANDLER_LIMIT_MS = 10_000;
/**
 * How long a handler may take in all, and what it says with it. Web PubSub gives an event up that takes much longer.
 */
const LONGEST_HANDLER_MS = 25_000;
/**
 * How long an interrupted handler may take to return, so that its `state` counts. The next event waits as long. The
 * utterance that interrupts takes longer.
 */
const LEAVE_LIMIT_MS = 500;

interface ListenTarget {
  readonly callId: string;
  readonly worker: string;
  /** The turn in which the handler runs. */
  readonly turn: number;
}

/**
 * Brings what the relay says to a handler while it runs: `interrupted`, `refused` and `call.ended`, also those that
 * came before the listener. Other events do nothing. Returns how to stop.
 */
export type Listen = (target: ListenTarget, heard: (event: LaneEvent) => void) => () => void;

/**
 * What a process that stays with its call offers handlers that have returned: they may speak on. Its numbers are those
 * of all events of the call.
 */
export interface Background {
  readonly numbers: PacketNumbers;
  /** Why nobody hears what is said in this turn any more; undefined while somebody does. */
  readonly endOf: (turn: number) => InterruptedError | undefined;
}

/** A handler acts on its call after it has returned, where its process need not live on. */
export class HandlerReturnedError extends Error {
  override readonly name = 'HandlerReturnedError';

  constructor(what: string) {
    super(
      `${what} after the handler has returned: in a function app a worker acts on its call only while a handler runs, so await it there, or run the worker as a resident one`,
    );
  }
}

interface RunningHandlerPorts {
  readonly listen: Listen;
  /** Undefined where a handler may do nothing once it has returned. */
  readonly background?: Background | undefined;
  /** Something was played too late, which the worker need not notice. */
  readonly onLate?: ((error: HandlerReturnedError) => void) | undefined;
}

export class RunningHandler {
  readonly #target: ListenTarget;
  readonly #player: Player;
  readonly #ports: RunningHandlerPorts;
  readonly #signal = new AbortController();
  readonly #life = new AbortController();
  readonly #over = Promise.withResolvers<never>();
  readonly #timers = new Set<() => void>();
  #cancelLimit = (): void => {};
  #stopListening: (() => void) | undefined;
  #interruption: InterruptedError | undefined;
  #isAwaited = false;
  #hasReturned = false;
  #hasOverstayed = false;

  constructor(target: ListenTarget, player: Player, ports: RunningHandlerPorts) {
    this.#target = target;
    this.#player = player;
    this.#ports = ports;
    this.#over.promise.catch(() => {});
  }

  /** The handler was interrupted: what it replied is of no use, and what it threw is no failure. */
  get isInterrupted(): boolean {
    return this.#interruption !== undefined;
  }

  /** The handler was interrupted, and had not returned `LEAVE_LIMIT_MS` later. */
  get hasOverstayed(): boolean {
    return this.#hasOverstayed;
  }

  get hasReturned(): boolean {
    return this.#hasReturned;
  }

  /** Aborted as soon as nobody hears the handler any more. */
  get signal(): AbortSignal {
    return this.#signal.signal;
  }

  /** Aborted once the handler is over, if it has not returned by then. */
  get life(): AbortSignal {
    return this.#life.signal;
  }

  /**
   * @param what the handler is about to do
   * @throws HandlerReturnedError, or what has ended the handler, when it may not act on its call any more
   */
  requireVoice(what: string): void {
    this.#life.signal.throwIfAborted();
    if (this.#hasReturned && this.#ports.background === undefined)
      throw this.#interruption ?? new HandlerReturnedError(what);
  }

  play(pcm: SpokenAudio): Promise<void> {
    const played = this.#play(pcm);
    // An interruption is no fault of the worker's, so nothing breaks where nobody awaits this.
    played.catch(() => {});
    return played;
  }

  /**
   * Waits for what the handler returns. Called once.
   * @throws what the handler throws, InterruptedError, or Error when its time is over
   */
  async finish(result: HandlerResult): Promise<WorkerReply> {
    if (!(result instanceof Promise)) {
      this.#hasReturned = true;
      return result;
    }
    this.#isAwaited = true;
    // What throws here must not leave a promise that nobody handles.
    result.catch(() => {});
    try {
      this.#begin();
      this.#limit();
      const reply = await Promise.race([result, this.#over.promise]);
      return this.isInterrupted && isSpoken(reply) ? undefined : reply;
    } catch (error) {
      throw this.#interruption ?? error;
    } finally {
      this.#isAwaited = false;
      this.#hasReturned = true;
      this.#cancelLimit();
    }
  }

  /**
   * Says what the handler has replied, within the time of the handler. An interruption ends it, which is no failure.
   * @throws what `say` throws, or Error when the time is over
   */
  async deliver(say: () => Promise<void>): Promise<void> {
    try {
      this.#begin();
      const said = say();
      said.catch(() => {});
      await Promise.race([said, this.#over.promise]);
    } catch (error) {
      if (!this.isInterrupted) throw error;
    }
  }

  /** The event is done. Idempotent. */
  close(): void {
    this.#hasReturned = true;
    for (const cancel of this.#timers) cancel();
    this.#stopListening?.();
    this.#stopListening = undefined;
  }

  // Without `await`: packets are numbered in the order of the calls.
  #play(pcm: SpokenAudio): Promise<void> {
    if (this.#isAwaited) this.#limit();
    if (!this.#hasReturned) return this.#player.play(pcm);
    try {
      this.requireVoice('play');
    } catch (error) {
      if (error instanceof HandlerReturnedError) this.#ports.onLate?.(error);
      return Promise.reject(error);
    }
    const end = this.#ports.background?.endOf(this.#target.turn);
    if (end !== undefined) return Promise.reject(end);
    this.#player.forgetClaims();
    return this.#player.play(pcm);
  }

  /** From here on the time runs, and the handler hears what ends it. Idempotent. */
  #begin(): void {
    if (this.#stopListening !== undefined) return;
    this.#after(LONGEST_HANDLER_MS, () => this.#expire(LONGEST_HANDLER_MS, ', what it says included'));
    this.#stopListening = this.#ports.listen(this.#target, (event) => this.#heard(event));
  }

  #heard(event: LaneEvent): void {
    switch (event.type) {
      case 'interrupted':
        if (event.turn > this.#target.turn) this.#interrupt(new InterruptedError(event));
        break;
      case 'call.ended':
        this.#interrupt(new InterruptedError());
        break;
      case 'refused':
        // What an earlier event said may be refused as late as now.
        if (event.number === undefined || this.#player.hasPublished(event.number))
          this.#player.refuse(refusalOf(event));
        break;
      default:
        break;
    }
  }

  #interrupt(interruption: InterruptedError): void {
    if (this.isInterrupted) return;
    this.#interruption = interruption;
    this.#player.refuse(interruption);
    this.#signal.abort(interruption);
    this.#after(LEAVE_LIMIT_MS, () => {
      this.#hasOverstayed = !this.#hasReturned;
      this.#end(interruption);
    });
  }

  /** The time of the handler begins again. */
  #limit(): void {
    this.#cancelLimit();
    this.#cancelLimit = this.#after(HANDLER_LIMIT_MS, () =>
      this.#expire(HANDLER_LIMIT_MS, ' without playing anything'),
    );
  }

  #expire(ms: number, what: string): void {
    this.#end(new Error(`the handler took longer than ${ms} ms${what}`));
  }

  #end(error: Error): void {
    this.#player.refuse(error);
    this.#signal.abort(error);
    this.#life.abort(error);
    this.#over.reject(error);
  }

  #after(ms: number, run: () => void): () => void {
    // A process that is held up holds its handler up as well.
    const cancel = afterSilence(systemClock, ms, run);
    this.#timers.add(cancel);
    return () => {
      cancel();
      this.#timers.delete(cancel);
    };
  }
}

/** What a worker learns of audio that the relay does not hold. */
export function refusalOf({ reason, heldMs, maxMs }: Extract<LaneEvent, { type: 'refused' }>): PlayError {
  return new PlayError(
    `the relay drops what this worker says (${reason}): it holds at most ${maxMs} ms, and ${heldMs} ms wait to be heard`,
  );
}
