import { rms } from '../../../phone/level.ts';
import type { SpokenFrame } from './conference.ts';

/** Speakers that unmixed audio carries at most (ACS audio streaming concept page). */
const MAX_DOMINANT_SPEAKERS = 4;

/**
 * Frames of silence that still follow when somebody stops speaking (2 s), so that the end of what was said can be
 * heard in the stream. Microsoft does not document when the frames of a silent participant cease.
 */
const SPEAKER_HANGOVER_FRAMES = 100;

/**
 * Share of a speaker's loudness that is left one frame later (half after 0.5 s), so that a pause loses nobody the
 * place.
 */
const LOUDNESS_DECAY = 0.972;

interface Speaker {
  loudness: number;
  silentFrames: number;
}

/** Chooses whose frames unmixed audio carries: of those who speak, the loudest of late. */
export class DominantSpeakers {
  readonly #speakers = new Map<string, Speaker>();

  /** The frames to send, in the order given; somebody who has just stopped speaking is there with no samples. */
  select(frames: readonly SpokenFrame[]): readonly SpokenFrame[] {
    this.#forgetAllBut(frames);
    const candidates: { frame: SpokenFrame; loudness: number }[] = [];
    for (const frame of frames) {
      const speaker = this.#follow(frame);
      if (speaker !== undefined) candidates.push({ frame, loudness: speaker.loudness });
    }
    if (candidates.length <= MAX_DOMINANT_SPEAKERS) return candidates.map(({ frame }) => frame);
    const loudest = new Set(
      candidates.toSorted((a, b) => b.loudness - a.loudness).slice(0, MAX_DOMINANT_SPEAKERS),
    );
    return candidates.filter((candidate) => loudest.has(candidate)).map(({ frame }) => frame);
  }

  /** What is known of a speaker after this frame; undefined of somebody who does not speak. */
  #follow({ rawId, samples }: SpokenFrame): Speaker | undefined {
    const known = this.#speakers.get(rawId);
    if (samples === undefined && known === undefined) return undefined;
    const speaker = known ?? { loudness: 0, silentFrames: 0 };
    speaker.silentFrames = samples === undefined ? speaker.silentFrames + 1 : 0;
    if (speaker.silentFrames > SPEAKER_HANGOVER_FRAMES) {
      this.#speakers.delete(rawId);
      return undefined;
    }
    speaker.loudness = Math.max(speaker.loudness * LOUDNESS_DECAY, samples === undefined ? 0 : rms(samples));
    this.#speakers.set(rawId, speaker);
    return speaker;
  }

  #forgetAllBut(frames: readonly SpokenFrame[]): void {
    for (const rawId of this.#speakers.keys())
      if (!frames.some((frame) => frame.rawId === rawId)) this.#speakers.delete(rawId);
  }
}
