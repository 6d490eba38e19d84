/** A guess at what a mistyped word was meant to be. */

/** Words that differ by more than this share of their letters are others, not mistyped. */
const MOST_DIFFERENT = 0.4;

/** ` (did you mean "press"?)`, or nothing where no known word resembles the one that was written. */
export function didYouMean(written: string, known: readonly string[]): string {
  const [nearest] = known
    .map((word) => ({ word, distance: distance(written.toLowerCase(), word.toLowerCase()) }))
    .filter(({ word, distance: far }) => far <= Math.max(1, MOST_DIFFERENT * word.length))
    .toSorted((a, b) => a.distance - b.distance);
  return nearest === undefined ? '' : ` (did you mean "${nearest.word}"?)`;
}

/** How many letters must be entered, removed or changed to make one word of the other (Levenshtein). */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...one].entries()) {
    const next = [i + 1];
    for (let j = 0; j < other.length; j += 1) {
      const change = (row[j] ?? 0) + (letter === other[j] ? 0 : 1);
      next.push(Math.min(change, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
