import type { Tone } from './tones.ts';

export interface DtmfRules {
  /** Defaults to no bound; speech or silence ends the collection. */
  readonly maxTones?: number | undefined;
  readonly interToneTimeoutMs: number;
  readonly stopTones: readonly Tone[];
}

export interface Collecting {
  readonly type: 'collecting';
  readonly tones: readonly Tone[];
  /** When the next tone must have come; undefined before the first one. */
  readonly deadlineMs: number | undefined;
}

export interface Collected {
  readonly type: 'collected';
  readonly tones: readonly Tone[];
  readonly why: 'maxTones' | 'stopTone' | 'interToneTimeout';
}

export const NOTHING_COLLECTED: Collecting = { type: 'collecting', tones: [], deadlineMs: undefined };

/**
 * Collects the tones that a participant presses.
 *
 * ```
 * collecting ──tone──▶ collecting (deadline moves)
 *     ├──stop tone──────────────▶ collected: stopTone
 *     ├──the last tone allowed──▶ collected: maxTones
 *     └──deadline passes────────▶ collected: interToneTimeout
 * ```
 * A stop tone ends the collection and is not part of it.
 */
export function collectTone(
  state: Collecting,
  tone: Tone,
  rules: DtmfRules,
  nowMs: number,
): Collecting | Collected {
  if (rules.stopTones.includes(tone)) return { type: 'collected', tones: state.tones, why: 'stopTone' };
  const tones = [...state.tones, tone];
  if (rules.maxTones !== undefined && tones.length >= rules.maxTones)
    return { type: 'collected', tones, why: 'maxTones' };
  return { type: 'collecting', tones, deadlineMs: nowMs + rules.interToneTimeoutMs };
}

/** What has become of the collection at this time. */
export function collectionAt(state: Collecting, nowMs: number): Collecting | Collected {
  if (state.deadlineMs === undefined || nowMs < state.deadlineMs) return state;
  return { type: 'collected', tones: state.tones, why: 'interToneTimeout' };
}

/** One thing that may be said or pressed (`Choice` of the REST API). */
export interface Choice {
  readonly label: string;
  readonly phrases: readonly string[];
  readonly tone?: Tone | undefined;
}

export interface MatchedChoice {
  readonly label: string;
  /** The phrase of the choice that was heard; absent for a tone. */
  readonly recognizedPhrase?: string;
}

export function choiceOfTone(choices: readonly Choice[], tone: Tone): MatchedChoice | undefined {
  const choice = choices.find((candidate) => candidate.tone === tone);
  return choice && { label: choice.label };
}

/**
 * The choice one of whose phrases occurs in what was said, word by word, whatever the case and punctuation; the longest
 * phrase wins.
 */
export function choiceOfText(choices: readonly Choice[], text: string): MatchedChoice | undefined {
  const heard = ` ${words(text)} `;
  const matches = choices.flatMap(({ label, phrases }) =>
    phrases
      .filter((phrase) => words(phrase) !== '' && heard.includes(` ${words(phrase)} `))
      .map((recognizedPhrase) => ({ label, recognizedPhrase })),
  );
  return matches.toSorted((a, b) => words(b.recognizedPhrase).length - words(a.recognizedPhrase).length)[0];
}

function words(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}
