/** One media stream of ACS: hands its messages to the session, and watches whether the other side is still there. */
import type { Logger } from 'pino';
import type { Clock } from '../../shared/base/clock.ts';
import { afterSilence } from '../../shared/base/own-pause.ts';
import type {
  WebSocketConnection,
  WebSocketListener,
} from '../../shared/web-socket/web-socket-connection.ts';
import type { CallMeter } from '../operate/call-meter.ts';
import type { Session } from '../session/session.ts';

/**
 * After so long without anything from the other side the relay pings it, and gives the stream up after as long again.
 */
const QUIET_LIMIT_MS = 30_000;

/** A mixed call brings 50 frames a second, also of silence. Without any for this long its stream is dead. */
const AUDIO_LIMIT_MS = 2_000;
/** How long the first frame of a mixed call may take. */
const FIRST_FRAME_LIMIT_MS = 10_000;
/**
 * How often the relay looks whether frames have come. It counts looks, not time: while this process is held up, frames
 * wait in the socket, and ACS is not to blame.
 */
const LOOK_EVERY_MS = 200;

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
  /** The other side was pinged, and nothing has come since. */
  #isPinged = false;
  #cancelWatch = (): void => {};
  #cancelAudioWatch = (): void => {};

  constructor(options: MediaStreamOptions) {
    this.#options = options;
    this.#lastSignMs = options.clock.elapsedMs();
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
    this.#isPinged = false;
    meter.frameIn(this.#lastSignMs);
    try {
      session.receive(data, isBinary);
    } catch (err) {
      // A fault of this program costs this stream, which ACS opens again, and no other.
      log.error({ err }, 'could not handle a message of the stream');
      session.close('fault of the relay');
    }
  }

  alive(): void {
    this.#lastSignMs = this.#options.clock.elapsedMs();
    this.#isPinged = false;
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
    this.#cancelWatch = afterSilence(clock, QUIET_LIMIT_MS, () => {
      const isQuiet = clock.elapsedMs() - this.#lastSignMs >= QUIET_LIMIT_MS;
      if (isQuiet && this.#isPinged) return session.close('no sign of life');
      // A relay that was held up has not pinged yet, however long nothing has come.
      if (isQuiet) webSocket.ping();
      this.#isPinged = isQuiet;
      this.#watch();
    });
  }

  /** `quietLooks`: how many looks in a row have found no new frame. */
  #watchAudio(quietLooks = 0): void {
    const { session, clock } = this.#options;
    const before = session.framesIn;
    const limitMs = before === 0 ? FIRST_FRAME_LIMIT_MS : AUDIO_LIMIT_MS;
    this.#cancelAudioWatch = clock.after(LOOK_EVERY_MS, () => {
      if (session.framesIn !== before) this.#watchAudio();
      else if ((quietLooks + 1) * LOOK_EVERY_MS >= limitMs) session.close('no audio from ACS');
      else this.#watchAudio(quietLooks + 1);
    });
  }
}
