/** The word for each key of a telephone that Call Automation uses (`Tone` of the REST API). */
const TONES = {
  '0': 'zero',
  '1': 'one',
  '2': 'two',
  '3': 'three',
  '4': 'four',
  '5': 'five',
  '6': 'six',
  '7': 'seven',
  '8': 'eight',
  '9': 'nine',
  A: 'a',
  B: 'b',
  C: 'c',
  D: 'd',
  '#': 'pound',
  '*': 'asterisk',
} as const;

export type Tone = (typeof TONES)[keyof typeof TONES];

const BY_KEY: ReadonlyMap<string, Tone> = new Map(Object.entries(TONES));
const BY_TONE: ReadonlyMap<Tone, string> = new Map(Object.entries(TONES).map(([key, tone]) => [tone, key]));

export const ALL_TONES: readonly Tone[] = [...BY_KEY.values()];

/** The tone of a key (0-9, A-D in either case, `#`, `*`), or undefined for anything else. */
export function toneOfKey(key: string): Tone | undefined {
  return BY_KEY.get(key.toUpperCase());
}

export function keyOfTone(tone: Tone): string {
  return BY_TONE.get(tone) ?? '';
}
