import type { ReplyTo } from '../events/callback-event.ts';
import type { MediaSurroundings, PromptHandle } from './media-operation.ts';
import type { PlaySource } from './play-source.ts';

interface HoldSurroundings extends MediaSurroundings {
  readonly setOnHold: (rawId: string, onHold: boolean) => void;
}

interface Held {
  readonly over: AbortController;
  music?: PromptHandle;
}

/**
 * Who is on hold, and what they hear meanwhile: the play source over and over, or silence. A source that cannot be
 * played is HoldFailed, and takes the participant off hold again. A second hold changes the music; unhold of somebody
 * who is not on hold does nothing.
 */
export class Hold {
  readonly #surroundings: HoldSurroundings;
  readonly #held = new Map<string, Held>();

  constructor(surroundings: HoldSurroundings) {
    this.#surroundings = surroundings;
  }

  hold(rawId: string, source: PlaySource | undefined, replyTo: ReplyTo): void {
    this.#silence(rawId);
    const held: Held = { over: new AbortController() };
    this.#held.set(rawId, held);
    this.#surroundings.setOnHold(rawId, true);
    if (source !== undefined) void this.#playMusic(rawId, source, held, replyTo);
  }

  unhold(rawId: string): void {
    this.#silence(rawId);
    this.#surroundings.setOnHold(rawId, false);
  }

  /** Somebody has left the call. */
  remove(rawId: string): void {
    this.#silence(rawId);
  }

  /** The call is over. Idempotent. */
  end(): void {
    for (const rawId of [...this.#held.keys()]) this.#silence(rawId);
  }

  #silence(rawId: string): void {
    const held = this.#held.get(rawId);
    this.#held.delete(rawId);
    held?.over.abort();
    held?.music?.stop();
  }

  async #playMusic(rawId: string, source: PlaySource, held: Held, replyTo: ReplyTo): Promise<void> {
    const { load, player, emit } = this.#surroundings;
    const music = await load([source], held.over.signal);
    if (held.over.signal.aborted) return;
    if (music.type === 'failed') {
      this.unhold(rawId);
      emit('HoldFailed', { resultInformation: music.result }, replyTo);
      return;
    }
    const { samples, sampleRateHz } = music;
    held.music = player.speakToPhones({ samples, sampleRateHz, targets: [rawId], loop: true, forHold: true });
  }
}
