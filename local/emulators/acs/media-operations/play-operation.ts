import type { ReplyTo } from '../events/callback-event.ts';
import type { MediaOperation, MediaSurroundings, PromptHandle, PromptTargets } from './media-operation.ts';
import { mediaResults } from './media-results.ts';
import type { PlaySource } from './play-source.ts';

export interface PlayRequest {
  readonly sources: readonly PlaySource[];
  readonly targets: PromptTargets;
  readonly loop: boolean;
  /** Who is on hold hears it, and the music pauses. */
  readonly interruptsHold: boolean;
  /** Whether the application knows PlayStarted. */
  readonly tellsStart: boolean;
  readonly replyTo: ReplyTo;
}

interface PlaySurroundings extends MediaSurroundings {
  /** Tells the roster that somebody is played to alone. */
  readonly showPlayedTo: (rawId: string, playedTo: boolean) => void;
  /** The music of somebody on hold pauses, or goes on. */
  readonly interruptHold: (rawId: string, interrupted: boolean) => void;
}

/**
 * Plays: `PlayStarted` when everything has been loaded, then `PlayCompleted`; or `PlayFailed` with the index of the
 * source that cannot be played; or `PlayCanceled`. Who alone hears it is shown as on hold meanwhile, as in the service;
 * who is on hold hears it instead of the music where the request says so.
 */
export class PlayOperation implements MediaOperation {
  readonly #request: PlayRequest;
  readonly #surroundings: PlaySurroundings;
  readonly #over = new AbortController();
  #playing: PromptHandle | undefined;
  /** Those to whom alone it is played, from then on. */
  #alone: readonly string[] = [];

  constructor(request: PlayRequest, surroundings: PlaySurroundings) {
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
    this.#playAlone(false);
  }

  drop(): void {
    this.#over.abort();
    this.#playing?.stop();
  }

  async #play(ended: (how: 'completed' | 'failed') => void): Promise<void> {
    const { sources, targets, loop, interruptsHold, tellsStart, replyTo } = this.#request;
    const { player, load, emit } = this.#surroundings;
    const prompt = await load(sources, this.#over.signal);
    if (this.#over.signal.aborted) return;
    if (prompt.type === 'failed') {
      const { index, result } = prompt;
      emit('PlayFailed', { resultInformation: result, failedPlaySourceIndex: index }, replyTo);
      ended('failed');
      return;
    }
    if (targets !== 'all') this.#alone = targets;
    this.#playAlone(true);
    if (tellsStart) emit('PlayStarted', { resultInformation: mediaResults.completed }, replyTo);
    const { samples, sampleRateHz } = prompt;
    this.#playing = player.speakToPhones({
      samples,
      sampleRateHz,
      targets,
      loop,
      ...(interruptsHold && { heard: 'on hold too' }),
      finished: () => {
        emit('PlayCompleted', { resultInformation: mediaResults.completed }, replyTo);
        this.#playAlone(false);
        ended('completed');
      },
    });
  }

  #playAlone(playing: boolean): void {
    for (const rawId of this.#alone) {
      this.#surroundings.showPlayedTo(rawId, playing);
      if (this.#request.interruptsHold) this.#surroundings.interruptHold(rawId, playing);
    }
  }
}
