/**
 * What the workers of one stream publish, on its way into the timeline of the call. Several texts share a request.
 *
 *     published ──too fast, too many, no room──▶ dropped, and counted by reason
 *         │                                         ▲
 *      waiting ──GATHER_MS, and PAUSE_MS after the last request──▶ sent ──stored──▶ done
 *         ▲                                                         │
 *         └────────────────── failed, up to ATTEMPTS ───────────────┘
 *
 * Nothing here holds up the call: adding a text only puts it into a queue.
 */

import type { Clock } from '../../shared/base/clock.ts';
import { MAX_NOTE_CHARS, STORED_NOTES, type WorkerNote } from '../../shared/call/notes.ts';
import type { TextKind } from '../../shared/call/plan.ts';
import { MAX_NOTES_PER_REQUEST } from '../../shared/wire/relay/worker-notes.ts';
import { beginningOf } from '../base/beginning-of.ts';
import type { PublishAction } from '../speak/worker-replies.ts';

/** Texts that a handler publishes one after the other go together. */
export const GATHER_MS = 250;
/** Requests about one call are at least so far apart, so that the control app takes each (20 a minute). */
export const PAUSE_MS = 3_000;
export const ATTEMPTS = 3;
/** Texts of one stream that wait. */
export const MAX_WAITING = 50;

/** How many texts of a kind a stream may publish in a minute, and at once after a pause. */
const RATES = {
  note: { perMinute: 60, burst: 20 },
  transcript: { perMinute: 120, burst: 20 },
} as const satisfies Record<TextKind, unknown>;

/** Why a text is not in the timeline. */
export type NoteLoss =
  | 'too fast'
  | 'too many of the call'
  | 'too many waiting'
  | 'no control app'
  | 'refused by the control app'
  | 'control app away';

/** What the streams of a relay share (`NoteOffice`). */
interface NoteDesk {
  /** Takes a place for a text that waits, or says why there is none. */
  take(): NoteLoss | undefined;
  /** The text does not wait any more. */
  settle(count: number): void;
  drop(reason: NoteLoss, count: number): void;
  /** @returns how many the timeline has taken. Never rejects */
  send(notes: readonly WorkerNote[]): Promise<number | 'refused' | 'failed'>;
}

interface CallNotesOptions {
  readonly desk: NoteDesk;
  readonly storesTranscripts: boolean;
  readonly clock: Clock;
  /** Draws a number from 0 up to, but not including, 1. */
  readonly random: () => number;
}

export class CallNotes {
  readonly #options: CallNotesOptions;
  readonly #waiting: WorkerNote[] = [];
  readonly #taken: Record<TextKind, number> = { note: 0, transcript: 0 };
  /** When the rate of a kind allows as many as its burst again. */
  readonly #restedAtMs: Record<TextKind, number> = { note: 0, transcript: 0 };
  #lastAtMs = 0;
  #sentAtMs = Number.NEGATIVE_INFINITY;
  #attempts = 0;
  #isSending = false;
  #isEnded = false;
  #cancel: (() => void) | undefined;

  constructor(options: CallNotesOptions) {
    this.#options = options;
  }

  add(worker: string, { text, kind = 'note' }: PublishAction): void {
    const { desk, storesTranscripts } = this.#options;
    // It was live only.
    if (kind === 'transcript' && !storesTranscripts) return;
    const loss = this.#lossOf(kind);
    if (loss !== undefined) {
      desk.drop(loss, 1);
      return;
    }
    this.#taken[kind] += 1;
    this.#waiting.push(this.#noteOf(worker, kind, text));
    this.#wake();
  }

  /** The stream is over, and no text follows: what waits is sent at once. */
  end(): void {
    this.#isEnded = true;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#wake();
  }

  #lossOf(kind: TextKind): NoteLoss | undefined {
    if (this.#taken[kind] >= STORED_NOTES[kind]) return 'too many of the call';
    const { perMinute, burst } = RATES[kind];
    const eachMs = 60_000 / perMinute;
    const nowMs = this.#options.clock.elapsedMs();
    const restedAtMs = Math.max(nowMs, this.#restedAtMs[kind]);
    if (restedAtMs - nowMs > (burst - 1) * eachMs) return 'too fast';
    const loss = this.#waiting.length < MAX_WAITING ? this.#options.desk.take() : 'too many waiting';
    if (loss === undefined) this.#restedAtMs[kind] = restedAtMs + eachMs;
    return loss;
  }

  /** The timeline is in the order of time, so no two texts of a stream have the same. */
  #noteOf(worker: string, kind: TextKind, text: string): WorkerNote {
    const { clock, random } = this.#options;
    const atMs = Math.max(Math.trunc(clock.nowMs()), this.#lastAtMs + 1);
    this.#lastAtMs = atMs;
    const id = `${kind}:${atMs}:${Math.floor(random() * 2 ** 48).toString(36)}`;
    const isCut = text.length > MAX_NOTE_CHARS;
    return { id, atMs, worker, kind, text: beginningOf(text, MAX_NOTE_CHARS), ...(isCut ? { isCut } : {}) };
  }

  #wake(): void {
    if (this.#isSending || this.#cancel !== undefined || this.#waiting.length === 0) return;
    const { clock } = this.#options;
    const pauseMs = this.#sentAtMs + PAUSE_MS - clock.elapsedMs();
    const waitMs = this.#isEnded && this.#attempts === 0 ? 0 : Math.max(GATHER_MS, pauseMs);
    this.#cancel = clock.after(waitMs, () => {
      this.#cancel = undefined;
      void this.#send();
    });
  }

  async #send(): Promise<void> {
    const { desk, clock } = this.#options;
    this.#isSending = true;
    this.#sentAtMs = clock.elapsedMs();
    const notes = this.#waiting.slice(0, MAX_NOTES_PER_REQUEST);
    const outcome = await desk.send(notes);
    this.#isSending = false;
    this.#attempts = outcome === 'failed' ? this.#attempts + 1 : 0;
    if (outcome !== 'failed' || this.#attempts >= ATTEMPTS) {
      this.#attempts = 0;
      this.#waiting.splice(0, notes.length);
      desk.settle(notes.length);
      if (outcome === 'failed') desk.drop('control app away', notes.length);
      else if (outcome === 'refused') desk.drop('refused by the control app', notes.length);
      else if (outcome < notes.length) desk.drop('too many of the call', notes.length - outcome);
    }
    this.#wake();
  }
}
