import type { ReplyTo } from '../events/callback-event.ts';
import { dtmfSound } from './dtmf-sound.ts';
import type { MediaOperation, MediaSurroundings } from './media-operation.ts';
import { mediaResults } from './media-results.ts';
import type { PromptHandle } from './prompt-player.ts';
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
