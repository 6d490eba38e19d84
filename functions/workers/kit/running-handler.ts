/**
 * One handler while it runs, and what ends it before it has returned.
 *
 *     running ──returns or throws──────────────────────────────────────────────────────────▶ over
 *        ├──interrupted, or the call ends──▶ leaving ──returns, throws, or LEAVE_LIMIT_MS──▶ over
 *        └──HANDLER_LIMIT_MS since it last played, or LONGEST_HANDLER_MS───────────────────▶ over
 *
 * A lane delivers one event at a time, so an interruption cannot come as an event while a handler runs. The handler
 * listens for it (`Listen`). A handler that is over can play nothing and request nothing.
 */
import type { LaneEvent } from '../../../shared/wire/lane/worker-messages.ts';
import { isAudio } from './lane-message.ts';
import { InterruptedError, PlayError, type Player } from './player.ts';
import type { HandlerResult, WorkerReply } from './worker.ts';

/**
 * How long a handler may take, from its beginning or from its last `play`. Its lane hears nothing meanwhile, so a later
 * reply would be of no use.
 */
export const HANDLER_LIMIT_MS = 10_000;
/** How long a handler may take in all. Web PubSub gives an event up that takes much longer. */
export const LONGEST_HANDLER_MS = 25_000;
/**
 * How long an interrupted handler may take to return, so that its `state` counts. The next event waits as long. The
 * utterance that interrupts takes longer.
 */
export const LEAVE_LIMIT_MS = 500;

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

export class RunningHandler {
  readonly #target: ListenTarget;
  readonly #player: Player;
  readonly #listen: Listen;
  readonly #signal = new AbortController();
  readonly #life = new AbortController();
  readonly #over = Promise.withResolvers<never>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #cancelLimit = (): void => {};
  #interruption: InterruptedError | undefined;
  #isAwaited = false;

  constructor(target: ListenTarget, player: Player, listen: Listen) {
    this.#target = target;
    this.#player = player;
    this.#listen = listen;
  }

  /** The handler was interrupted: what it replied is of no use, and what it threw is no failure. */
  get isInterrupted(): boolean {
    return this.#interruption !== undefined;
  }

  /** Aborted as soon as nobody hears the handler any more. */
  get signal(): AbortSignal {
    return this.#signal.signal;
  }

  /** Aborted once the handler is over, if it has not returned by then. */
  get life(): AbortSignal {
    return this.#life.signal;
  }

  play(pcm: Int16Array | Uint8Array): Promise<void> {
    if (this.#isAwaited) this.#limit();
    const played = this.#player.play(pcm);
    // An interruption is no fault of the worker's, so nothing breaks where nobody awaits this.
    played.catch(() => {});
    return played;
  }

  /**
   * Waits for what the handler returns. Called once.
   * @throws what the handler throws, InterruptedError, or Error when its time is over
   */
  async finish(result: HandlerResult): Promise<WorkerReply> {
    if (!(result instanceof Promise)) return result;
    this.#isAwaited = true;
    let stopListening = (): void => {};
    try {
      this.#limit();
      this.#after(LONGEST_HANDLER_MS, () => this.#expire(LONGEST_HANDLER_MS, ''));
      // What throws here must not leave a promise that nobody handles.
      result.catch(() => {});
      stopListening = this.#listen(this.#target, (event) => this.#heard(event));
      const reply = await Promise.race([result, this.#over.promise]);
      return this.isInterrupted && isAudio(reply) ? undefined : reply;
    } catch (error) {
      throw this.#interruption ?? error;
    } finally {
      this.#isAwaited = false;
      for (const timer of this.#timers) clearTimeout(timer);
      stopListening();
    }
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
    this.#after(LEAVE_LIMIT_MS, () => this.#end(interruption));
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
    const timer = setTimeout(run, ms);
    this.#timers.add(timer);
    return () => {
      clearTimeout(timer);
      this.#timers.delete(timer);
    };
  }
}

/** What a worker learns of audio that the relay does not hold. */
export function refusalOf({ reason, heldMs, maxMs }: Extract<LaneEvent, { type: 'refused' }>): PlayError {
  return new PlayError(
    `the relay drops what this worker says (${reason}): it holds at most ${maxMs} ms, and ${heldMs} ms wait to be heard`,
  );
}
