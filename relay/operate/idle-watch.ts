/** Ends a call in which nobody says anything any more. */

import type { Clock } from '../../shared/base/clock.ts';
import { frameLevelDb } from '../audio/frame-level.ts';
import type { MediaSocket } from '../session/media-socket.ts';

/** Audio of a worker below this level is silence: an echo of a silent line is no conversation. */
const SILENT_BELOW_DB = -60;

/** How soon it is asked again to end a call that goes on although that was asked for. */
export const ASK_AGAIN_MS = 10_000;

/** What is heard on a call. */
export interface CallActivity {
  speechStarted(): void;
  speechEnded(): void;
  keyPressed(): void;
}

export interface IdleWatchOptions {
  /** So long nobody has to say anything, neither a person nor a worker. */
  readonly idleMs: number;
  readonly clock: Clock;
  /** Has the call ended. It never rejects. */
  readonly endCall: () => Promise<void>;
}

/**
 * ```
 *   quiet ──speech, key, audio of a worker──▶ quiet, for the whole time again
 *     └──idleMs──▶ asks for the end ──▶ and again, while the call goes on
 * ```
 * Somebody who is speaking is not quiet, however long it takes.
 */
export class IdleWatch implements CallActivity {
  readonly #options: IdleWatchOptions;
  #quietSinceMs: number;
  #speaking = 0;
  #cancel: () => void;

  constructor(options: IdleWatchOptions) {
    this.#options = options;
    this.#quietSinceMs = options.clock.elapsedMs();
    this.#cancel = options.clock.after(options.idleMs, () => this.#look());
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

  /** The same socket; what is sent into the call is listened to. */
  socket(socket: MediaSocket): MediaSocket {
    return {
      bufferedBytes: () => socket.bufferedBytes(),
      close: (code, reason) => socket.close(code, reason),
      send: (text) => {
        socket.send(text);
        if (isAudible(text)) this.#stir();
      },
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
      this.#cancel = clock.after(idleMs - quietMs, () => this.#look());
      return;
    }
    void endCall();
    this.#cancel = clock.after(ASK_AGAIN_MS, () => this.#look());
  }
}

const DATA = '"data":"';

function isAudible(text: string): boolean {
  const from = text.indexOf(DATA) + DATA.length;
  if (from < DATA.length) return false;
  return frameLevelDb(Buffer.from(text.slice(from, text.indexOf('"', from)), 'base64')) >= SILENT_BELOW_DB;
}
