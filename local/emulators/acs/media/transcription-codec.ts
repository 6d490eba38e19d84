/** Transcription as ACS sends it to the application: text frames, camelCase, one JSON object each. */
import type { SpokenWords } from '../../../phone/script-phone.ts';
import type { TranscriptionStreamOptions } from './port.ts';

/** Offsets and durations are in .NET's unit of time: 100 nanoseconds. */
const TICKS_PER_MS = 10_000;

/** A script says what was said: nothing is guessed. */
const CONFIDENCE = 1;

export function transcriptionMetadataFrame(options: TranscriptionStreamOptions): string {
  const { subscriptionId, locale, callConnectionId, correlationId, speechRecognitionModelEndpointId } =
    options;
  return JSON.stringify({
    kind: 'TranscriptionMetadata',
    transcriptionMetadata: {
      subscriptionId,
      locale,
      callConnectionId,
      correlationId,
      ...(speechRecognitionModelEndpointId === undefined ? {} : { speechRecognitionModelEndpointId }),
    },
  });
}

/**
 * One result, in the form of the .NET and JavaScript SDKs' tests. Final ones have words, which share the time of the
 * utterance by their length, since a script does not say when each was spoken. Intermediate ones have no confidence,
 * and words where `withWords` says so: the .NET SDK's test data has none, without which the JavaScript SDK 1.6.0 cannot
 * parse them.
 */
export function transcriptionDataFrame(
  { rawId, text, startedMs, durationMs }: SpokenWords,
  resultStatus: 'Final' | 'Intermediate',
  withWords = resultStatus === 'Final',
): string {
  return JSON.stringify({
    kind: 'TranscriptionData',
    transcriptionData: {
      text,
      format: 'display',
      ...(resultStatus === 'Final' ? { confidence: CONFIDENCE } : {}),
      offset: startedMs * TICKS_PER_MS,
      duration: durationMs * TICKS_PER_MS,
      ...(withWords ? { words: timedWords(text, startedMs * TICKS_PER_MS, durationMs * TICKS_PER_MS) } : {}),
      participantRawID: rawId,
      resultStatus,
    },
  });
}

/** What had been recognized half way through; undefined of a single word, of which there is no half. */
export function intermediateFrame(words: SpokenWords, withWords: boolean): string | undefined {
  const all = wordsOf(words.text);
  const half = Math.floor(all.length / 2);
  if (half === 0) return undefined;
  const text = all.slice(0, half).join(' ');
  const durationMs = Math.round((words.durationMs * text.length) / Math.max(1, words.text.length));
  return transcriptionDataFrame({ ...words, text, durationMs }, 'Intermediate', withWords);
}

/** The words as they were recognized: without capitals and punctuation, which only the text for display has. */
function timedWords(text: string, offset: number, duration: number): object[] {
  const all = wordsOf(text.toLowerCase().replaceAll(/[^\p{L}\p{M}\p{N}'’\s-]/gu, ' '));
  const letters = all.reduce((sum, word) => sum + word.length, 0);
  let before = 0;
  return all.map((word) => {
    const start = Math.round((duration * before) / letters);
    before += word.length;
    const end = Math.round((duration * before) / letters);
    return { text: word, offset: offset + start, duration: end - start };
  });
}

function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}
