/** What becomes of audio that says which turn it answers. */
export type TurnVerdict = 'current' | 'old' | 'not begun';

/**
 * The turn of one worker in one call. A turn ends when what the worker says is interrupted; whatever still comes for it,
 * from wherever it was held up, is then recognised by its number.
 */
export class TurnFilter {
  #turn = 0;

  get turn(): number {
    return this.#turn;
  }

  /** Begins the next turn and answers its number. */
  next(): number {
    this.#turn += 1;
    return this.#turn;
  }

  /** `turn`: the number that the audio carries; absent, it answers the present turn. */
  judge(turn: number | undefined): TurnVerdict {
    if (turn === undefined || turn === this.#turn) return 'current';
    return turn < this.#turn ? 'old' : 'not begun';
  }
}
