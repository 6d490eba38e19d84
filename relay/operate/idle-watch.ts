/** Ends a call in which nobody has said anything for a long time. */
import type { Clock } from '../../shared/base/clock.ts';
import { afterSilence } from '../../shared/base/own-pause.ts';
import { reachesLevel } from '../audio/frame-level.ts';
import type { CallActivity, MediaPort } from '../session/session-options.ts';

/** Audio of a worker below this level is silence: an echo of a silent line is no conversation. */
const SILENT_BELOW_DB = -60;

/** How soon the watch asks again to end a call that goes on. */
const ASK_AGAIN_MS = 10_000;

interface IdleWatchOptions {
  /** How long nobody may say anything, neither a person nor a worker. */
  readonly idleMs: number;
  readonly clock: Clock;
  /** Asks for the end of the call. It never rejects. */
  readonly endCall: () => Promise<void>;
}

/**
 * ```
 *   quiet ──speech, key, audio of a worker──▶ quiet, for the whole time again
 *     └──idleMs──▶ asks for the end ──▶ and again, while the call goes on
 * ```
 * A call is not quiet while somebody speaks, however long that takes.
 */
export class IdleWatch implements CallActivity {
  readonly #options: IdleWatchOptions;
  #quietSinceMs: number;
  #speaking = 0;
  #cancel: () => void;

  constructor(options: IdleWatchOptions) {
    this.#options = options;
    this.#quietSinceMs = options.clock.elapsedMs();
    this.#cancel = afterSilence(options.clock, options.idleMs, () => this.#look());
  }

  speechStarted(): void {
    this.#speaking += 1;
  }

  speechEnded(): void {
    this.#speaking = Math.max(0, this.#speaking - 1);
    this.#stir();
  }

  keyPressed(): void {
    this.#stir();
  }

  /** A port that passes everything on to `media`, and hears what is played. */
  media(media: MediaPort): MediaPort {
    return {
      play: (pcm) => {
        media.play(pcm);
        if (reachesLevel(pcm, SILENT_BELOW_DB)) this.#stir();
      },
      stopAudio: () => media.stopAudio(),
      bufferedBytes: () => media.bufferedBytes(),
      close: (cause) => media.close(cause),
    };
  }

  /** The stream is over. Idempotent. */
  close(): void {
    this.#cancel();
  }

  #stir(): void {
    this.#quietSinceMs = this.#options.clock.elapsedMs();
  }

  #look(): void {
    const { idleMs, clock, endCall } = this.#options;
    const quietMs = this.#speaking > 0 ? 0 : clock.elapsedMs() - this.#quietSinceMs;
    if (quietMs < idleMs) {
      this.#cancel = afterSilence(clock, idleMs - quietMs, () => this.#look());
      return;
    }
    void endCall();
    this.#cancel = clock.after(ASK_AGAIN_MS, () => this.#look());
  }
}
