/** What the thread of the workers leaves for the one that watches it, in memory that both see. */
import type { Notice } from './notice.ts';

export const BEAT_MS = 200;

const MAX_SUBJECT_BYTES = 2_048;
/** Places of the numbers: how many beats there were, whether a handler is running this moment, the length of a text. */
const BEATS = 0;
const INSIDE = 1;
const LENGTH = 2;
const NUMBERS = 3;

export class Pulse {
  readonly memory: SharedArrayBuffer;
  readonly #numbers: Int32Array;
  readonly #subject: Buffer;

  constructor(memory = new SharedArrayBuffer(4 * NUMBERS + MAX_SUBJECT_BYTES)) {
    this.memory = memory;
    this.#numbers = new Int32Array(memory, 0, NUMBERS);
    this.#subject = Buffer.from(memory, 4 * NUMBERS);
  }

  get beats(): number {
    return Atomics.load(this.#numbers, BEATS);
  }

  beat(): void {
    Atomics.add(this.#numbers, BEATS, 1);
  }

  /** A handler runs from here until it returns or first awaits. */
  begin(subject: Partial<Notice>): void {
    Atomics.store(this.#numbers, LENGTH, this.#subject.write(JSON.stringify(subject)));
    Atomics.store(this.#numbers, INSIDE, 1);
  }

  leave(): void {
    Atomics.store(this.#numbers, INSIDE, 0);
  }

  get isInside(): boolean {
    return Atomics.load(this.#numbers, INSIDE) === 1;
  }

  /** The handler that began last. */
  get subject(): Partial<Notice> {
    const text = this.#subject.toString('utf8', 0, Atomics.load(this.#numbers, LENGTH));
    return text === '' ? {} : (JSON.parse(text) as Partial<Notice>);
  }
}
