import type { CallbackEventType, ReplyTo, ResultInformation } from '../events/callback-event.ts';
import type { MediaSurroundings, PromptHandle } from './media-operation.ts';
import { mediaResults } from './media-results.ts';
import type { PlaySource } from './play-source.ts';

interface HoldSurroundings extends MediaSurroundings {
  readonly setOnHold: (rawId: string, onHold: boolean) => void;
}

/** What somebody on hold hears. */
export interface HoldMusic {
  readonly source: PlaySource;
  /** Whether the application knows the events of hold music. */
  readonly tells: boolean;
}

type HoldAudioEvent = Extract<CallbackEventType, `HoldAudio${string}`>;

interface Held {
  readonly over: AbortController;
  readonly replyTo: ReplyTo;
  /** Something else is played to the participant meanwhile. */
  interrupted: boolean;
  playing?: { readonly handle: PromptHandle; readonly tells: boolean };
}

/**
 * Who is on hold, and what they hear meanwhile: the play source over and over, or silence. A source that cannot be
 * played is HoldFailed, and takes the participant off hold again. A second hold changes the music; unhold of somebody
 * who is not on hold does nothing. HoldAudioStarted and HoldAudioCompleted go to applications that know them, and so do
 * HoldAudioPaused and HoldAudioResumed where the music makes room for an announcement.
 */
export class Hold {
  readonly #surroundings: HoldSurroundings;
  readonly #held = new Map<string, Held>();

  constructor(surroundings: HoldSurroundings) {
    this.#surroundings = surroundings;
  }

  has(rawId: string): boolean {
    return this.#held.has(rawId);
  }

  hold(rawId: string, music: HoldMusic | undefined, replyTo: ReplyTo): void {
    const interrupted = this.#held.get(rawId)?.interrupted === true;
    this.#endMusic(rawId);
    const held: Held = { over: new AbortController(), replyTo, interrupted };
    this.#held.set(rawId, held);
    this.#surroundings.setOnHold(rawId, true);
    if (music !== undefined) void this.#playMusic(rawId, music, held);
  }

  unhold(rawId: string): void {
    this.#endMusic(rawId);
    this.#surroundings.setOnHold(rawId, false);
  }

  /** The music pauses, or goes on. Nothing happens where nobody is on hold. */
  interrupt(rawId: string, interrupted: boolean): void {
    const held = this.#held.get(rawId);
    if (held === undefined || held.interrupted === interrupted) return;
    held.interrupted = interrupted;
    this.#pauseMusic(held);
  }

  /** Somebody has left the call. */
  remove(rawId: string): void {
    this.#silence(rawId);
  }

  /** The call is over. Idempotent. */
  end(): void {
    for (const rawId of [...this.#held.keys()]) this.#silence(rawId);
  }

  /** Without an event. */
  #silence(rawId: string): void {
    const held = this.#held.get(rawId);
    this.#held.delete(rawId);
    held?.over.abort();
    held?.playing?.handle.stop();
  }

  #endMusic(rawId: string): void {
    const held = this.#held.get(rawId);
    this.#silence(rawId);
    if (held !== undefined) this.#tell('HoldAudioCompleted', held, mediaResults.holdAudioEnded);
  }

  #pauseMusic(held: Held): void {
    held.playing?.handle.pause(held.interrupted);
    this.#tell(held.interrupted ? 'HoldAudioPaused' : 'HoldAudioResumed', held);
  }

  async #playMusic(rawId: string, { source, tells }: HoldMusic, held: Held): Promise<void> {
    const { load, player, emit } = this.#surroundings;
    const music = await load([source], held.over.signal);
    if (held.over.signal.aborted) return;
    if (music.type === 'failed') {
      this.unhold(rawId);
      emit('HoldFailed', { resultInformation: music.result }, held.replyTo);
      return;
    }
    const { samples, sampleRateHz } = music;
    const handle = player.speakToPhones({
      samples,
      sampleRateHz,
      targets: [rawId],
      loop: true,
      heard: 'for hold',
    });
    held.playing = { handle, tells };
    this.#tell('HoldAudioStarted', held);
    if (held.interrupted) this.#pauseMusic(held);
  }

  /** Nothing where there is no music, or the application does not know its events. */
  #tell(
    type: HoldAudioEvent,
    { playing, replyTo }: Held,
    resultInformation: ResultInformation = mediaResults.completed,
  ): void {
    if (playing?.tells === true) this.#surroundings.emit(type, { resultInformation }, replyTo);
  }
}
