import type { ReplyTo } from '../events/callback-event.ts';
import type { MediaOperation, MediaSurroundings, PromptHandle, PromptTargets } from './media-operation.ts';
import { mediaResults } from './media-results.ts';
import type { PlaySource } from './play-source.ts';

export interface PlayRequest {
  readonly sources: readonly PlaySource[];
  readonly targets: PromptTargets;
  readonly loop: boolean;
  readonly replyTo: ReplyTo;
}

/**
 * Plays: `PlayStarted` when everything has been loaded, then `PlayCompleted`; or `PlayFailed` with the index of the
 * source that cannot be played; or `PlayCanceled`.
 */
export class PlayOperation implements MediaOperation {
  readonly #request: PlayRequest;
  readonly #surroundings: MediaSurroundings;
  readonly #over = new AbortController();
  #playing: PromptHandle | undefined;

  constructor(request: PlayRequest, surroundings: MediaSurroundings) {
    this.#request = request;
    this.#surroundings = surroundings;
  }

  get kind(): 'playToAll' | 'playTo' {
    return this.#request.targets === 'all' ? 'playToAll' : 'playTo';
  }

  start(ended: (how: 'completed' | 'failed') => void): void {
    void this.#play(ended);
  }

  cancel(): void {
    this.drop();
    const { emit } = this.#surroundings;
    emit('PlayCanceled', { resultInformation: mediaResults.cancelled }, this.#request.replyTo);
  }

  drop(): void {
    this.#over.abort();
    this.#playing?.stop();
  }

  async #play(ended: (how: 'completed' | 'failed') => void): Promise<void> {
    const { sources, targets, loop, replyTo } = this.#request;
    const { player, load, emit } = this.#surroundings;
    const prompt = await load(sources, this.#over.signal);
    if (this.#over.signal.aborted) return;
    if (prompt.type === 'failed') {
      const { index, result } = prompt;
      emit('PlayFailed', { resultInformation: result, failedPlaySourceIndex: index }, replyTo);
      ended('failed');
      return;
    }
    emit('PlayStarted', { resultInformation: mediaResults.completed }, replyTo);
    const { samples, sampleRateHz } = prompt;
    this.#playing = player.speakToPhones({
      samples,
      sampleRateHz,
      targets,
      loop,
      finished: () => {
        emit('PlayCompleted', { resultInformation: mediaResults.completed }, replyTo);
        ended('completed');
      },
    });
  }
}
