import type { Tone } from './tones.ts';

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
