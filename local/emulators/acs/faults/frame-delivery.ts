import type { Clock } from '../../common/clock.ts';
import type { FrameFault, StreamFaults } from './media-faults.ts';

/** Messages that wait behind a late one; more are dropped and counted. Twenty seconds of one speaker. */
const MAX_WAITING_MESSAGES = 1_000;

/** The part of a WebSocket that messages are written to. */
interface FrameSink {
  /** `fin`: false where the message goes on in the next frame. */
  send(part: string | Buffer, options: { readonly fin: boolean }): void;
}

/**
 * Writes AudioData messages to a socket and lets the stream's faults happen on the way. Messages keep their order: one
 * that is late holds up those behind it, and they then come all at once.
 */
export class FrameDelivery {
  readonly #faults: StreamFaults;
  readonly #clock: Clock;
  readonly #sink: FrameSink;
  readonly #waiting: (() => void)[] = [];
  readonly #startedMs: number;
  #cancel: (() => void) | undefined;
  #closed = false;
  #dropped = 0;

  /** Begins when the socket has been opened. */
  constructor(faults: StreamFaults, clock: Clock, sink: FrameSink) {
    this.#faults = faults;
    this.#clock = clock;
    this.#sink = sink;
    this.#startedMs = clock.now();
  }

  /** Whether the connection is dead without a word: what comes must be thrown away, too. */
  get halfOpen(): boolean {
    const { halfOpenAfterMs } = this.#faults;
    return halfOpenAfterMs !== undefined && this.#clock.now() - this.#startedMs >= halfOpenAfterMs;
  }

  /** Messages that found too many others waiting. */
  get dropped(): number {
    return this.#dropped;
  }

  /** A message as bytes may be changed once this returns. */
  send(message: string | Buffer): void {
    if (this.#closed || this.halfOpen) return;
    const faults = this.#faults.nextFrame();
    // Nearly all frames of nearly all calls: nothing is copied.
    if (faults.length === 0 && this.#cancel === undefined) this.#sink.send(message, { fin: true });
    else this.#deliver(message.toString(), faults);
  }

  #deliver(message: string, faults: readonly FrameFault[]): void {
    if (faults.some(({ type }) => type === 'lose')) return;
    const write = (): void => this.#write(message, faults);
    const delayMs = Math.max(0, ...faults.map((fault) => (fault.type === 'jitter' ? fault.delayMs : 0)));
    if (this.#cancel !== undefined) {
      if (this.#waiting.length >= MAX_WAITING_MESSAGES) this.#dropped++;
      else this.#waiting.push(write);
    } else if (delayMs > 0) {
      this.#waiting.push(write);
      this.#cancel = this.#clock.after(delayMs, () => {
        this.#cancel = undefined;
        for (const next of this.#waiting.splice(0)) next();
      });
    } else {
      write();
    }
  }

  /** What waits is not written any more. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#cancel?.();
    this.#waiting.length = 0;
  }

  #write(message: string, faults: readonly FrameFault[]): void {
    if (this.#closed || this.halfOpen) return;
    let copies = 1;
    let parts = 1;
    let text = message;
    for (const fault of faults) {
      if (fault.type === 'duplicate') copies = fault.copies;
      if (fault.type === 'split') parts = fault.parts;
      if (fault.type === 'oversize') text = text.padEnd(fault.bytes);
    }
    for (let copy = 0; copy < copies; copy++) {
      for (const [index, part] of cut(text, parts).entries())
        this.#sink.send(part, { fin: index === parts - 1 });
    }
  }
}

function cut(text: string, parts: number): string[] {
  const length = Math.ceil(text.length / parts);
  return Array.from({ length: parts }, (_, index) => text.slice(index * length, (index + 1) * length));
}
