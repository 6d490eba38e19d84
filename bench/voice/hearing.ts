/** What the relay hears in samples: its detector and its rules, frame by frame, without a session. */
import { SpeechBounds, type SpeechEvent } from '../../relay/listen/speech-bounds.ts';
import { SPEECH_RULES } from '../../relay/listen/speech-detector.ts';
import { type Voice, VoiceActivity } from '../../relay/listen/voice-activity.ts';
import { AUDIO_FORMATS, type AudioFormat, BYTES_PER_SAMPLE } from '../../shared/audio/audio-format.ts';

export interface Heard {
  readonly voices: readonly Voice[];
  readonly events: readonly SpeechEvent[];
  /** The first and the last frame, not included, of each speech; `toldAt`: the frame that made it sure. */
  readonly speeches: readonly { readonly from: number; readonly to: number; readonly toldAt: number }[];
}

/** Judges frames of PCM16. */
export interface Detector {
  hear(pcm: Uint8Array): Voice;
}

export function hear(
  samples: Int16Array,
  format: AudioFormat = 'pcm16KMono',
  activity: Detector = new VoiceActivity(format),
): Heard {
  const { frameSamples } = AUDIO_FORMATS[format];
  const bounds = new SpeechBounds(format, SPEECH_RULES);
  const voices: Voice[] = [];
  const events: SpeechEvent[] = [];
  const speeches: { from: number; to: number; toldAt: number }[] = [];
  const take = (event: SpeechEvent | undefined, frame: number): void => {
    if (event === undefined) return;
    events.push(event);
    const at = event.timestamp / frameSamples;
    const last = speeches.at(-1);
    if (event.type === 'speechStarted')
      speeches.push({ from: at, to: Number.POSITIVE_INFINITY, toldAt: frame });
    else if (last !== undefined) last.to = at;
  };
  for (let frame = 0; (frame + 1) * frameSamples <= samples.length; frame += 1) {
    const voice = activity.hear(frameBytes(samples, frame, format));
    voices.push(voice);
    take(bounds.hear(voice, frame * frameSamples, (frame + 1) * frameSamples), frame);
  }
  take(bounds.flush(), voices.length);
  return { voices, events, speeches };
}

export function frameBytes(
  samples: Int16Array,
  frame: number,
  format: AudioFormat = 'pcm16KMono',
): Uint8Array {
  const { frameSamples } = AUDIO_FORMATS[format];
  const at = samples.byteOffset + frame * frameSamples * BYTES_PER_SAMPLE;
  return new Uint8Array(samples.buffer, at, frameSamples * BYTES_PER_SAMPLE);
}
