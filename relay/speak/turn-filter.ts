/** What becomes of audio that says which turn it answers. */
export type TurnVerdict = 'current' | 'old' | 'not begun';

/** Turns that a stream may have. RTP carries the number in 32 bits (SSRC): that leaves as many streams for a call. */
export const TURNS_PER_STREAM = 65_536;

/**
 * The turn of one worker in one call. A turn ends when what the worker says is interrupted; whatever still comes for it,
 * from wherever it was held up, is then recognised by its number.
 *
 * Each media stream of a call counts from a number of its own, so that a turn has the same number nowhere else in the call. What the worker said in
 * the stream before is still of the present turn until that is interrupted: nobody has spoken over it.
 */
export class TurnFilter {
  #turn: number;
  /** The first turn of which audio is still taken. */
  #oldest: number;

  /** @param stream how many streams the call has had before this one */
  constructor(stream = 0) {
    this.#turn = stream * TURNS_PER_STREAM;
    this.#oldest = Math.max(0, stream - 1) * TURNS_PER_STREAM;
  }

  get turn(): number {
    return this.#turn;
  }

  /** Begins the next turn and answers its number. */
  next(): number {
    this.#turn += 1;
    this.#oldest = this.#turn;
    return this.#turn;
  }

  /** `turn`: the number that the audio carries; absent, it answers the present turn. */
  judge(turn: number | undefined): TurnVerdict {
    if (turn === undefined) return 'current';
    if (turn > this.#turn) return 'not begun';
    return turn >= this.#oldest ? 'current' : 'old';
  }
}
