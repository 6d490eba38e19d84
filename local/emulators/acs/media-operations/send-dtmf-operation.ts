import type { ReplyTo } from '../events/callback-event.ts';
import type { MediaOperation, MediaSurroundings, PromptHandle } from './media-operation.ts';
import { mediaResults } from './media-results.ts';
import { keyOfTone, type Tone } from './tones.ts';

const SAMPLE_RATE_HZ = 16_000;

export interface SendDtmfRequest {
  readonly tones: readonly Tone[];
  /** Raw id. */
  readonly target: string;
  readonly replyTo: ReplyTo;
}

interface SendDtmfSurroundings extends Pick<MediaSurroundings, 'player' | 'emit'> {
  /** The target's phone has heard this key; false if the target has left. */
  readonly hearKey: (rawId: string, key: string) => boolean;
}

/**
 * Sends keys to a telephone, one after the other: it hears the tones, and `hearKey` reports each to a phone that has
 * it.
 */
export class SendDtmfOperation implements MediaOperation {
  readonly kind = 'sendDtmf';
  readonly #request: SendDtmfRequest;
  readonly #surroundings: SendDtmfSurroundings;
  #playing: PromptHandle | undefined;
  #over = false;

  constructor(request: SendDtmfRequest, surroundings: SendDtmfSurroundings) {
    this.#request = request;
    this.#surroundings = surroundings;
  }

  start(ended: (how: 'completed' | 'failed') => void): void {
    this.#send(0, ended);
  }

  cancel(): void {
    this.drop();
    const { emit } = this.#surroundings;
    emit('SendDtmfTonesFailed', { resultInformation: mediaResults.cancelled }, this.#request.replyTo);
  }

  drop(): void {
    this.#over = true;
    this.#playing?.stop();
  }

  #send(index: number, ended: (how: 'completed' | 'failed') => void): void {
    const { tones, target, replyTo } = this.#request;
    const { player, hearKey, emit } = this.#surroundings;
    const tone = tones[index];
    if (tone === undefined) {
      emit('SendDtmfTonesCompleted', { resultInformation: mediaResults.dtmfSent }, replyTo);
      ended('completed');
      return;
    }
    this.#playing = player.speakToPhones({
      samples: dtmfSound([tone], SAMPLE_RATE_HZ),
      sampleRateHz: SAMPLE_RATE_HZ,
      targets: [target],
      finished: () => {
        if (this.#over) return;
        if (hearKey(target, keyOfTone(tone))) {
          this.#send(index + 1, ended);
          return;
        }
        emit('SendDtmfTonesFailed', { resultInformation: mediaResults.participantGone }, replyTo);
        ended('failed');
      },
    });
  }
}

/**
 * Length of a tone and of the pause after it; within what ITU-T Q.24 lets receivers expect (40 ms and more of each).
 */
const TONE_MS = 100;
const PAUSE_MS = 60;

const AMPLITUDE = 6_000;
const ROWS_HZ = [697, 770, 852, 941] as const;
const COLUMNS_HZ = [1209, 1336, 1477, 1633] as const;
const PAD = ['123A', '456B', '789C', '*0#D'] as const;

/** What a telephone hears of these tones: two sines each (ITU-T Q.23), PCM16 mono, a pause after every tone. */
export function dtmfSound(tones: readonly Tone[], sampleRateHz: number): Int16Array {
  const toneSamples = (sampleRateHz * TONE_MS) / 1000;
  const stride = toneSamples + (sampleRateHz * PAUSE_MS) / 1000;
  const sound = new Int16Array(tones.length * stride);
  for (const [index, tone] of tones.entries()) {
    const [row, column] = frequencies(tone);
    for (let i = 0; i < toneSamples; i++) {
      const t = (2 * Math.PI * i) / sampleRateHz;
      sound[index * stride + i] = Math.round(AMPLITUDE * (Math.sin(row * t) + Math.sin(column * t)));
    }
  }
  return sound;
}

function frequencies(tone: Tone): readonly [number, number] {
  const key = keyOfTone(tone);
  const row = PAD.findIndex((keys) => keys.includes(key));
  return [ROWS_HZ[row] ?? 0, COLUMNS_HZ[PAD[row]?.indexOf(key) ?? 0] ?? 0];
}
