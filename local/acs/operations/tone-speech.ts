/** The rate of what stands for speech where nothing can speak. */
export const TONE_SPEECH_RATE_HZ = 16_000;

/** A word takes about as long as when it is spoken, and words are told apart by a pause. */
const LETTER_MS = 60;
const MAX_WORD_MS = 700;
const PAUSE_MS = 80;
const AMPLITUDE = 5_000;
const LOWEST_HZ = 300;
const STEP_HZ = 40;
const STEPS = 16;

/** A pattern of tones that no one takes for speech: one tone a word, its length and height given by the word. */
export function toneSpeech(text: string): Int16Array {
  const words = text.split(/\s+/).filter((word) => word !== '');
  const lengths = words.map((word) => Math.min(MAX_WORD_MS, word.length * LETTER_MS));
  const perMs = TONE_SPEECH_RATE_HZ / 1000;
  const sound = new Int16Array(lengths.reduce((sum, ms) => sum + (ms + PAUSE_MS) * perMs, 0));
  let at = 0;
  for (const [index, word] of words.entries()) {
    const samples = (lengths[index] ?? 0) * perMs;
    const hz =
      LOWEST_HZ +
      STEP_HZ * ([...word].reduce((sum, letter) => sum + (letter.codePointAt(0) ?? 0), 0) % STEPS);
    for (let i = 0; i < samples; i++) {
      sound[at + i] = Math.round(AMPLITUDE * Math.sin((2 * Math.PI * hz * i) / TONE_SPEECH_RATE_HZ));
    }
    at += samples + PAUSE_MS * perMs;
  }
  return sound;
}
