/** One media stream of ACS: hands its messages to the session, and watches whether the other side is still there. */
import type { Logger } from 'pino';
import type { Clock } from '../../shared/base/clock.ts';
import type {
  WebSocketConnection,
  WebSocketListener,
} from '../../shared/web-socket/web-socket-connection.ts';
import type { CallMeter } from '../operate/call-meter.ts';
import type { Session } from '../session/session.ts';

/**
 * After so long without anything from the other side the relay pings it; after twice as long it gives the stream up.
 */
export const QUIET_LIMIT_MS = 30_000;

/** A mixed call brings 50 frames a second, also of silence. Without any for this long its stream is dead. */
export const AUDIO_LIMIT_MS = 2_000;
/** How long the first frame of a mixed call may take. */
export const FIRST_FRAME_LIMIT_MS = 10_000;
/** Frames may wait in the socket while this process is late, so the relay looks twice, and reads in between. */
const LOOK_AGAIN_MS = 100;

interface MediaStreamOptions {
  readonly webSocket: Pick<WebSocketConnection, 'listen' | 'ping'>;
  readonly session: Pick<Session, 'receive' | 'close' | 'socketClosed' | 'report' | 'framesIn'>;
  /** Whether ACS sends a frame every 20 ms whatever happens, as it does for mixed calls. */
  readonly isSteady: boolean;
  readonly meter: Pick<CallMeter, 'frameIn'>;
  readonly clock: Clock;
  readonly log: Logger;
}

export class MediaStream implements WebSocketListener {
  readonly #options: MediaStreamOptions;
  #lastSignMs: number;
  #framesIn = 0;
  #lastFrameMs: number;
  #cancelWatch = (): void => {};
  #cancelAudioWatch = (): void => {};

  constructor(options: MediaStreamOptions) {
    this.#options = options;
    this.#lastSignMs = options.clock.elapsedMs();
    this.#lastFrameMs = this.#lastSignMs;
  }

  /** Begins to listen. Called once, at once: messages that nobody listens to are lost. */
  open(): void {
    this.#options.webSocket.listen(this);
    this.#watch();
    if (this.#options.isSteady) this.#watchAudio();
  }

  message(data: Buffer, isBinary: boolean): void {
    const { session, meter, clock, log } = this.#options;
    this.#lastSignMs = clock.elapsedMs();
    meter.frameIn(this.#lastSignMs);
    try {
      session.receive(data, isBinary);
      if (session.framesIn !== this.#framesIn) this.#frameCame();
    } catch (err) {
      // A fault of this program costs this stream, which ACS opens again, and no other.
      log.error({ err }, 'could not handle a message of the stream');
      session.close('fault of the relay');
    }
  }

  alive(): void {
    this.#lastSignMs = this.#options.clock.elapsedMs();
  }

  closed(code: number): void {
    const { session, log } = this.#options;
    this.#cancelWatch();
    this.#cancelAudioWatch();
    session.socketClosed();
    log.info({ code, cause: session.report().endedReason }, 'the media stream ended');
  }

  #watch(): void {
    const { webSocket, session, clock } = this.#options;
    this.#cancelWatch = clock.after(QUIET_LIMIT_MS, () => {
      const quietMs = clock.elapsedMs() - this.#lastSignMs;
      if (quietMs >= 2 * QUIET_LIMIT_MS) return session.close('no sign of life');
      if (quietMs >= QUIET_LIMIT_MS) webSocket.ping();
      this.#watch();
    });
  }

  #frameCame(): void {
    const isFirst = this.#framesIn === 0;
    this.#framesIn = this.#options.session.framesIn;
    this.#lastFrameMs = this.#lastSignMs;
    // The next one may take less long.
    if (isFirst && this.#options.isSteady) {
      this.#cancelAudioWatch();
      this.#watchAudio();
    }
  }

  #watchAudio(): void {
    const { session, clock } = this.#options;
    const limitMs = this.#framesIn === 0 ? FIRST_FRAME_LIMIT_MS : AUDIO_LIMIT_MS;
    const waitMs = this.#lastFrameMs + limitMs - LOOK_AGAIN_MS - clock.elapsedMs();
    if (waitMs > 0) {
      this.#cancelAudioWatch = clock.after(waitMs, () => this.#watchAudio());
      return;
    }
    const before = this.#framesIn;
    this.#cancelAudioWatch = clock.after(LOOK_AGAIN_MS, () => {
      if (this.#framesIn === before) session.close('no audio from ACS');
      else this.#watchAudio();
    });
  }
}
