import { concatenate, resampleInPieces } from '../../../phone/converted-speech.ts';
import type { ResultInformation } from '../events/callback-event.ts';
import { fetchPlayFile, type PlayFileHosts } from './fetch-play-file.ts';
import { mediaResults } from './media-results.ts';
import type { PlaySource } from './play-source.ts';
import { isSsml, ssmlLocale, ssmlWords } from './ssml.ts';
import type { TextToSpeech } from './text-to-speech.ts';
import { PLAY_FILE_RATE_HZ, readPlayableWav } from './wav-16k.ts';

/** Characters of one text source, at most (Microsoft Learn, "Play action", known limitations); SSML may be longer. */
const MAX_TEXT = 4_000;
const MAX_SSML = 64 * 1024;

/** Everything that an operation plays, one source after the other, or the first source that cannot be played. */
type LoadedPrompt =
  | { readonly type: 'loaded'; readonly samples: Int16Array; readonly sampleRateHz: number }
  | { readonly type: 'failed'; readonly index: number; readonly result: ResultInformation };

/** Never rejects; what comes after the signal was aborted is of no interest. */
export type LoadPrompt = (sources: readonly PlaySource[], signal: AbortSignal) => Promise<LoadedPrompt>;

type Loaded = Int16Array | ResultInformation;

/** Fetches and synthesizes. */
export function createPromptLoader(hosts: PlayFileHosts, textToSpeech: TextToSpeech): LoadPrompt {
  const load = async (source: PlaySource, signal: AbortSignal): Promise<Loaded> => {
    switch (source.kind) {
      case 'file': {
        const file = await fetchPlayFile(source.uri, hosts, signal);
        if (file === undefined) return mediaResults.fileNotDownloaded;
        return readPlayableWav(file) ?? mediaResults.fileFormatInvalid;
      }
      case 'text': {
        const { text, locale, voiceKind } = source;
        if (text.trim() === '') return mediaResults.textEmpty;
        if (text.length > MAX_TEXT) return mediaResults.textInvalid;
        return say(await textToSpeech({ text, ssml: false, locale, voiceKind }, signal));
      }
      case 'ssml': {
        const { ssml } = source;
        if (ssml.trim() === '') return mediaResults.textEmpty;
        if (!isSsml(ssml) || ssml.length > MAX_SSML) return mediaResults.textInvalid;
        if (ssmlWords(ssml) === '') return mediaResults.textEmpty;
        return say(await textToSpeech({ text: ssml, ssml: true, locale: ssmlLocale(ssml) }, signal));
      }
    }
  };
  return async (sources, signal) => {
    const parts: Int16Array[] = [];
    for (const [index, source] of sources.entries()) {
      const loaded = await load(source, signal).catch(() => mediaResults.speechServiceFailed);
      if (!(loaded instanceof Int16Array)) return { type: 'failed', index, result: loaded };
      parts.push(loaded);
    }
    return { type: 'loaded', samples: concatenate(parts), sampleRateHz: PLAY_FILE_RATE_HZ };
  };
}

async function say(audio: { samples: Int16Array; sampleRateHz: number } | undefined): Promise<Loaded> {
  if (audio === undefined) return mediaResults.speechServiceFailed;
  return resampleInPieces(audio.samples, audio.sampleRateHz, PLAY_FILE_RATE_HZ);
}

/** The same prompts at the rate of a call. */
export function atRate(load: LoadPrompt, sampleRateHz: number): LoadPrompt {
  return async (sources, signal) => {
    const prompt = await load(sources, signal);
    if (prompt.type === 'failed') return prompt;
    const samples = await resampleInPieces(prompt.samples, prompt.sampleRateHz, sampleRateHz);
    return { type: 'loaded', samples, sampleRateHz };
  };
}
