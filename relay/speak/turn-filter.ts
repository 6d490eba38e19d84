/** What to do with audio that says which turn it answers. */
type TurnVerdict = 'current' | 'old' | 'not begun';

/** Turns that a stream may have. RTP carries the number in 32 bits (SSRC), which leaves room for as many streams. */
const TURNS_PER_STREAM = 65_536;

/**
 * The turn of one worker in one call. A turn ends when somebody interrupts the worker. Audio that still comes for it
 * carries its number, so the relay can tell that it is late.
 *
 * Each media stream of a call counts from a number of its own, so that no two turns of a call have the same number.
 * Audio of the stream before counts as current until somebody interrupts the worker: nobody has spoken over it.
 */
export class TurnFilter {
  #turn: number;
  /** The first turn whose audio still counts. */
  #oldest: number;

  /** @param stream how many streams the call has had before this one */
  constructor(stream = 0) {
    this.#turn = stream * TURNS_PER_STREAM;
    this.#oldest = Math.max(0, stream - 1) * TURNS_PER_STREAM;
  }

  get turn(): number {
    return this.#turn;
  }

  /** Begins the next turn and returns its number. */
  next(): number {
    this.#turn += 1;
    this.#oldest = this.#turn;
    return this.#turn;
  }

  /** `turn`: the number that the audio carries; audio without one answers the present turn. */
  judge(turn: number | undefined): TurnVerdict {
    if (turn === undefined) return 'current';
    if (turn > this.#turn) return 'not begun';
    return turn >= this.#oldest ? 'current' : 'old';
  }
}
