/**
 * Compares what was heard with what was expected where the way between them may have gaps: silence that was put in, and
 * audio that never came. It says what gaps there are; whether there may be so many is for the one who knows what was
 * reported of them.
 */

/** Between two stretches that agree. Both are milliseconds. */
interface Gap {
  /** How much silence was put in. */
  readonly silenceMs: number;
  /** How much of the expected audio was not heard. */
  readonly lostMs: number;
}

export interface GapComparison {
  /** Where the expected audio begins in the heard one, in milliseconds. */
  readonly startMs: number;
  /** In the order in which they were heard. */
  readonly gaps: readonly Gap[];
  readonly silenceMs: number;
  readonly lostMs: number;
  /** Whether the end of the expected audio was heard. */
  readonly reachesEnd: boolean;
  /**
   * 10 log10 of the energy expected over the energy of the difference, in what is not lost; Infinity when every sample
   * agrees.
   */
  readonly signalToErrorDb: number;
}

/** A gap has at least one stretch of this length behind it that agrees. */
const BLOCK_MS = 20;
/** Energy of a stretch over the energy of its difference, from which on the two are the same stretch. */
const SAME = 100;
/** Beside a place where a stretch is found there may be a better one, so many blocks later. */
const LOOK_ON_BLOCKS = 1;
/** Samples left out between those compared in a first, coarse look. */
const COARSE_STEP = 4;
/** Samples up to this size are silence. */
const SILENT = 8;

/**
 * Undefined when the expected audio is silent or no part of it is found.
 * The silence around the expected audio says nothing: it may be heard or not.
 */
export function compareWithGaps(
  expected: Int16Array,
  heard: Int16Array,
  sampleRateHz: number,
): GapComparison | undefined {
  return new Walk(withoutSilence(expected), heard, sampleRateHz).compare();
}

/**
 * Two stretches of the expected audio that were heard without a gap in them: `from` to `to` of it, so many samples
 * later.
 */
interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly offset: number;
}

class Walk {
  readonly #expected: Int16Array;
  readonly #heard: Int16Array;
  readonly #perMs: number;
  readonly #block: number;

  constructor(expected: Int16Array, heard: Int16Array, sampleRateHz: number) {
    this.#expected = expected;
    this.#heard = heard;
    this.#perMs = sampleRateHz / 1_000;
    this.#block = Math.round(BLOCK_MS * this.#perMs);
  }

  compare(): GapComparison | undefined {
    const first = this.#find(0, 0);
    if (first === undefined) return undefined;
    let { offset } = first;
    let from = this.#back(first.at, 0, offset);
    const stretches: Stretch[] = [];
    let head: Pick<Stretch, 'from' | 'offset'> = { from, offset };
    while (head.from > 0) {
      const before = this.#beforeSilence(head.from, head.offset);
      if (before === undefined) break;
      stretches.unshift(before);
      head = before;
    }
    const start = head.from + head.offset;
    const headLost = head.from;
    for (let at = first.at; at < this.#expected.length; ) {
      if (this.#isSame(at, offset, this.#block)) {
        at += this.#block;
        continue;
      }
      const since = Math.max(from, at - this.#block);
      const silence = this.#behindSilence(from, offset);
      const next = silence ?? this.#find(at + this.#block, at + offset);
      if (next !== undefined && next.offset === offset && !this.#isSilent(at + offset, next.at + offset)) {
        // What lies between is neither silence nor lost, but damaged.
        at = next.at;
        continue;
      }
      const cut = silence ? { to: silence.at, from: silence.at } : next && this.#cut(since, offset, next);
      const to = cut?.to ?? this.#forth(since, next?.at ?? this.#expected.length, offset);
      stretches.push({ from, to, offset });
      if (next === undefined) return this.#result(start, headLost, stretches, this.#expected.length - to);
      from = cut?.from ?? this.#back(next.at, Math.max(to, to + offset - next.offset), next.offset);
      ({ at, offset } = next);
    }
    stretches.push({ from, to: this.#expected.length, offset });
    return this.#result(start, headLost, stretches, 0);
  }

  /**
   * Where the expected audio goes on if nothing but silence was put in where it ceases to agree, to the sample. Of a
   * voice, which resembles itself, a search would find other places too, and none at all for what is shorter than a
   * block. No millisecond of it is exactly as another one.
   */
  #behindSilence(since: number, offset: number): { at: number; offset: number } | undefined {
    const to = this.#exactTo(since, offset);
    const at = indexOfSound(this.#expected, to);
    const found = { at, offset: indexOfSound(this.#heard, to + offset) - at };
    if (at < 0 || found.offset <= offset) return undefined;
    const end = this.#exactTo(at, found.offset);
    return end === this.#expected.length || end - at >= this.#perMs ? found : undefined;
  }

  /** Where the two first differ, from one place of the expected audio on. */
  #exactTo(from: number, offset: number): number {
    let at = from;
    while (at < this.#expected.length && this.#expected[at] === this.#heard[at + offset]) at += 1;
    return at;
  }

  /** The stretch before this place of the expected audio, if only silence was put in between, to the sample. */
  #beforeSilence(to: number, offset: number): Stretch | undefined {
    const isSilent = (samples: Int16Array, at: number): boolean => at > 0 && samples[at - 1] === 0;
    let at = to;
    while (isSilent(this.#expected, at)) at -= 1;
    let heardAt = to + offset;
    while (isSilent(this.#heard, heardAt)) heardAt -= 1;
    const before = heardAt - at;
    let from = at;
    while (from > 0 && from + before > 0 && this.#expected[from - 1] === this.#heard[from - 1 + before])
      from -= 1;
    return before < offset && (from === 0 || at - from >= this.#perMs)
      ? { from, to, offset: before }
      : undefined;
  }

  /** The next block of the expected audio that sounds and is heard, where the heard one is not before `heardFrom`. */
  #find(from: number, heardFrom: number): { at: number; offset: number } | undefined {
    for (let at = from; at + this.#block <= this.#expected.length; at += this.#block) {
      const energy = this.#energy(at, this.#block);
      if (energy <= this.#block * SILENT ** 2) continue;
      const last = this.#heard.length - this.#block;
      for (let heardAt = Math.max(0, heardFrom); heardAt <= last; heardAt++) {
        const offset = heardAt - at;
        const coarse = this.#error(at, offset, this.#block, COARSE_STEP, energy / SAME);
        if (coarse < energy / SAME && this.#isSame(at, offset, this.#block))
          return { at, offset: this.#best(at, offset) };
      }
    }
    return undefined;
  }

  /** The offset with the least difference, from one on that will do: of a deep sound many will do. */
  #best(at: number, from: number): number {
    let best = from;
    let least = this.#error(at, from, this.#block, 1);
    for (let offset = from + 1; offset <= from + LOOK_ON_BLOCKS * this.#block && least > 0; offset++) {
      const error = this.#error(at, offset, this.#block, 1, least);
      if (error < least) [best, least] = [offset, error];
    }
    return best;
  }

  /**
   * Where one stretch ends and the next one begins if there is silence between them and nothing lost, or something lost
   * and no silence: so that the difference is least. Undefined where both differ too much for that.
   */
  #cut(
    since: number,
    offset: number,
    next: { readonly at: number; readonly offset: number },
  ): { to: number; from: number } | undefined {
    const lost = Math.max(0, offset - next.offset);
    const last = next.at - lost;
    if (next.offset === offset || last < since) return undefined;
    const squared = (at: number, by: number): number =>
      ((this.#expected[at] ?? 0) - (this.#heard[at + by] ?? 0)) ** 2;
    let error = this.#error(since + lost, next.offset, last - since, 1);
    let to = since;
    let least = error;
    for (let at = since; at < last; at++) {
      error += squared(at, offset) - squared(at + lost, next.offset);
      if (error < least) [to, least] = [at + 1, error];
    }
    const compared = last - since;
    const limit = Math.max(this.#energy(since, compared) / SAME, compared * SILENT ** 2);
    return least <= limit ? { to, from: to + lost } : undefined;
  }

  /** How far the two agree, from one place of the expected audio on. */
  #forth(from: number, limit: number, offset: number): number {
    let at = from;
    const ms = Math.round(this.#perMs);
    while (at + ms <= limit && this.#isSame(at, offset, ms)) at += ms;
    return Math.min(limit, this.#exactTo(at, offset));
  }

  /** How far the two agree, from one place of the expected audio back. */
  #back(from: number, limit: number, offset: number): number {
    let at = from;
    const ms = Math.round(this.#perMs);
    while (at - ms >= limit && at - ms + offset >= 0 && this.#isSame(at - ms, offset, ms)) at -= ms;
    while (at > limit && this.#expected[at - 1] === this.#heard[at - 1 + offset]) at -= 1;
    return at;
  }

  #isSame(at: number, offset: number, length: number): boolean {
    const count = Math.min(length, this.#expected.length - at);
    const energy = this.#energy(at, count);
    return this.#error(at, offset, count, 1) <= Math.max(energy / SAME, count * SILENT ** 2);
  }

  /**
   * Whether half a block of what was heard is silent in this range, so that audio was lost there rather than damaged.
   */
  #isSilent(from: number, to: number): boolean {
    let silent = 0;
    for (let at = from; at < to && silent < this.#block / 2; at++)
      silent = Math.abs(this.#heard[at] ?? 0) <= SILENT ? silent + 1 : 0;
    return silent >= this.#block / 2;
  }

  #energy(at: number, length: number): number {
    let sum = 0;
    for (let i = at; i < at + length; i++) sum += (this.#expected[i] ?? 0) ** 2;
    return sum;
  }

  /** The energy of the difference; stops early once it passes `limit`. */
  #error(at: number, offset: number, length: number, step: number, limit = Number.POSITIVE_INFINITY): number {
    let sum = 0;
    for (let i = at; i < at + length && sum <= limit; i += step)
      sum += ((this.#expected[i] ?? 0) - (this.#heard[i + offset] ?? 0)) ** 2;
    return sum;
  }

  #result(start: number, headLost: number, stretches: readonly Stretch[], tailLost: number): GapComparison {
    const gaps: Gap[] = [];
    const ms = (samples: number): number => samples / this.#perMs;
    let signal = 0;
    let error = 0;
    if (headLost > 0) gaps.push({ silenceMs: 0, lostMs: ms(headLost) });
    for (const [i, { from, to, offset }] of stretches.entries()) {
      signal += this.#energy(from, to - from);
      error += this.#error(from, offset, to - from, 1);
      const next = stretches[i + 1];
      if (next === undefined) continue;
      // What was put in must be silence; all else is an error.
      const put = this.#heard.subarray(to + offset, next.from + next.offset);
      error += put.reduce((sum, sample) => sum + sample ** 2, 0);
      gaps.push({ silenceMs: ms(put.length), lostMs: ms(next.from - to) });
    }
    if (tailLost > 0) gaps.push({ silenceMs: 0, lostMs: ms(tailLost) });
    return {
      startMs: ms(start),
      gaps,
      silenceMs: gaps.reduce((sum, gap) => sum + gap.silenceMs, 0),
      lostMs: gaps.reduce((sum, gap) => sum + gap.lostMs, 0),
      reachesEnd: tailLost === 0,
      signalToErrorDb: error === 0 ? Number.POSITIVE_INFINITY : 10 * Math.log10(signal / error),
    };
  }
}

/** -1 where all that follows is silent. */
function indexOfSound(samples: Int16Array, from: number): number {
  for (let at = Math.max(0, from); at < samples.length; at++) if (samples[at] !== 0) return at;
  return -1;
}

function withoutSilence(samples: Int16Array): Int16Array {
  const first = samples.findIndex((sample) => sample !== 0);
  return first < 0
    ? new Int16Array()
    : samples.subarray(first, samples.findLastIndex((sample) => sample !== 0) + 1);
}
