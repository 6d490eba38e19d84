import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import type { WebSocketConnection } from '../../../../shared/web-socket/web-socket-connection.ts';
import { PHONE_FRAME_MS, samplesPerFrame } from '../../../phone/phone.ts';
import { ApplicationAudio } from './application-audio.ts';
import { AudioFrameWriter } from './audio-frame-writer.ts';
import { Conference } from './conference.ts';
import { dial, HANDSHAKE_TIMEOUT_MS } from './dial.ts';
import { DominantSpeakers } from './dominant-speakers.ts';
import { FrameClock } from './frame-clock.ts';
import { audioMetadataFrame, dtmfDataFrame, type StreamFormat } from './inbound-codec.ts';
import { MediaSocket } from './media-socket.ts';
import { type MediaTicker, processTicker, type Ticking } from './media-ticker.ts';
import type {
  MediaFailure,
  MediaStream,
  MediaStreamListener,
  MediaStreamOptions,
  MediaStreamReport,
  OpenMediaStream,
} from './port.ts';

/** Bytes written to the socket and not yet taken by the network; while there are more, frames are dropped. */
const MAX_BUFFERED_BYTES = 1024 * 1024;

/** Frames that one turn of the event loop catches up at most; the rest follows in the next turn, after the network. */
const MAX_FRAMES_A_TURN = 50;

const SAMPLE_RATES_HZ = { pcm16KMono: 16_000, pcm24KMono: 24_000 } as const;

const NORMAL_CLOSURE = 1000;
const INTERNAL_ERROR = 1011;

/** What a stream uses; tests pass a clock of their own. */
interface MediaStreamSurroundings {
  readonly ticker: MediaTicker;
  readonly handshakeTimeoutMs: number;
  readonly maxBufferedBytes: number;
  /** Receives how late every frame was, for measurements over all streams of a process. */
  readonly onFrame: (lateMs: number) => void;
  /** Receives a line for each reason why the application is not heard on a stream, at its first occurrence. */
  readonly warn: (line: string) => void;
}

const PROCESS: MediaStreamSurroundings = {
  ticker: processTicker,
  handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS,
  maxBufferedBytes: MAX_BUFFERED_BYTES,
  onFrame: () => {},
  warn: () => {},
};

/** Dials the application and streams until stopped (see `OpenMediaStream`). */
export const openMediaStream: OpenMediaStream = createOpenMediaStream();

/** `openMediaStream` in other surroundings. */
export function createOpenMediaStream(changes: Partial<MediaStreamSurroundings> = {}): OpenMediaStream {
  return (options, listener) => new WebSocketMediaStream(options, listener, { ...PROCESS, ...changes });
}

/**
 * ```
 *            open                     close, error
 *  dialing ─────────▶ streaming ─────────────────────▶ ended   closedByPeer
 *     │                   │  stop                        ▲
 *     │                   └──────────────────────────────┤
 *     │  invalid URL, refused, timed out                 │     failed
 *     └──────────────────────────────────────────────────┤
 *        stop                                            │
 * ```
 */
type State = 'dialing' | 'streaming' | 'ended';

class WebSocketMediaStream implements MediaStream, Ticking {
  readonly #options: MediaStreamOptions;
  readonly #listener: MediaStreamListener;
  readonly #surroundings: MediaStreamSurroundings;
  readonly #format: StreamFormat;
  readonly #conference: Conference;
  readonly #speakers = new DominantSpeakers();
  readonly #silence: Int16Array;
  readonly #application: ApplicationAudio;
  readonly #writer: AudioFrameWriter;
  readonly #warn: (why: string) => void;
  readonly #lateness = new Lateness();
  readonly #stopDialing: () => void;
  #clock = new FrameClock(0, PHONE_FRAME_MS);
  readonly #closed = Promise.withResolvers<void>();
  #state: State = 'dialing';
  /** Once the handshake is done. */
  #frames: MediaSocket | undefined;

  constructor(
    options: MediaStreamOptions,
    listener: MediaStreamListener,
    surroundings: MediaStreamSurroundings,
  ) {
    this.#options = options;
    this.#listener = listener;
    this.#surroundings = surroundings;
    const sampleRateHz = SAMPLE_RATES_HZ[options.audioFormat];
    this.#format = { sampleRateHz, frameSamples: samplesPerFrame(sampleRateHz) };
    this.#conference = new Conference(options.phones, this.#format);
    this.#silence = new Int16Array(this.#format.frameSamples);
    this.#writer = new AudioFrameWriter(this.#format);
    const stream = `media stream ${options.subscriptionId} of ${options.headers['x-ms-call-connection-id']}`;
    this.#warn = (why) => surroundings.warn(`${stream}: ${why}`);
    this.#application = new ApplicationAudio(this.#format, options.enableBidirectional, this.#warn);
    this.#stopDialing = dial({
      url: options.url,
      headers: options.headers,
      timeoutMs: surroundings.handshakeTimeoutMs,
      opened: (socket) => this.#begin(socket),
      failed: (failure, detail) => this.#fail(failure, detail),
    });
  }

  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  get deadlineMs(): number {
    return this.#clock.deadlineMs;
  }

  tick(nowMs: number): void {
    const due = Math.min(this.#clock.due(nowMs), MAX_FRAMES_A_TURN);
    for (let i = 0; i < due && this.#state === 'streaming'; i++) {
      const deadlineMs = this.#clock.take();
      this.#lateness.record(nowMs - deadlineMs);
      this.#surroundings.onFrame(nowMs - deadlineMs);
      const spoken = this.#conference.speak();
      if (this.#options.audioChannelType === 'mixed') {
        this.#sendAudio(this.#conference.mixed(), deadlineMs, undefined);
      } else {
        this.#frames?.together(() => {
          for (const { rawId, samples } of this.#speakers.select(spoken)) {
            this.#sendAudio(samples ?? this.#silence, deadlineMs, rawId);
          }
        });
      }
      this.#conference.hear(this.#application.pull());
    }
  }

  broke(error: unknown): void {
    process.stderr.write(`acs media: a stream broke and was closed: ${String(error)}\n`);
    if (this.#state !== 'streaming') return;
    this.#end();
    this.#frames?.close(INTERNAL_ERROR);
    this.#listener.closedByPeer(INTERNAL_ERROR);
  }

  sendDtmf(key: string): void {
    const frame = dtmfDataFrame(key);
    if (this.#options.enableDtmfTones && this.#state === 'streaming') this.#frames?.send(frame);
  }

  stop(): void {
    switch (this.#state) {
      case 'dialing':
        this.#end();
        this.#stopDialing();
        this.#closed.resolve();
        break;
      case 'streaming':
        this.#end();
        this.#frames?.close(NORMAL_CLOSURE);
        break;
      case 'ended':
        break;
    }
  }

  report(): MediaStreamReport {
    return {
      framesSent: this.#frames?.sent ?? 0,
      framesDropped: this.#frames?.dropped ?? 0,
      ownLatenessMs: this.#lateness.read(),
      ...this.#application.counts(),
    };
  }

  #begin(socket: WebSocketConnection): void {
    if (this.#state !== 'dialing') {
      socket.terminate();
      return;
    }
    this.#state = 'streaming';
    socket.listen({
      message: (bytes, isBinary) => this.#receive(bytes, isBinary),
      lateMessage: (bytes, isBinary) => this.#receive(bytes, isBinary),
      alive: () => {},
      closed: (code) => {
        this.#closed.resolve();
        this.#closedByPeer(code);
      },
    });
    const { ticker, maxBufferedBytes } = this.#surroundings;
    const { faults } = this.#options;
    this.#frames = new MediaSocket(socket, { faults, clock: ticker.clock, maxBufferedBytes });
    this.#frames.send(audioMetadataFrame(this.#options.subscriptionId, this.#format));
    try {
      this.#conference.start();
    } catch (error) {
      this.broke(error);
      return;
    }
    // A phone may have ended the call at once.
    if (!this.#streams) return;
    this.#clock = new FrameClock(ticker.now(), PHONE_FRAME_MS);
    ticker.add(this);
    this.#listener.started();
  }

  #receive(bytes: Buffer, isBinary: boolean): void {
    if (this.#frames?.dead === true) return;
    if (this.#state === 'streaming') this.#application.receive(bytes, isBinary);
    else this.#application.receiveTooLate(bytes, isBinary);
  }

  #sendAudio(samples: Int16Array, timestampMs: number, participantRawId: string | undefined): void {
    if (this.#streams) this.#frames?.sendFrame(this.#writer.write(samples, timestampMs, participantRawId));
  }

  /** Read each time: a phone may end the call while the stream calls it. */
  get #streams(): boolean {
    return this.#state === 'streaming';
  }

  #fail(failure: MediaFailure, detail: string): void {
    if (this.#state !== 'dialing') return;
    this.#end();
    this.#closed.resolve();
    this.#warn(`not opened: ${detail}`);
    this.#listener.failed(failure, detail);
  }

  #closedByPeer(code: number): void {
    if (this.#state !== 'streaming') return;
    this.#end();
    this.#listener.closedByPeer(code);
  }

  #end(): void {
    const streamed = this.#state === 'streaming';
    this.#state = 'ended';
    if (!streamed) return;
    this.#surroundings.ticker.remove(this);
    this.#conference.stop();
  }
}

/** Resolution of the histogram: one part in a hundred, in a few kilobytes a stream. */
const SIGNIFICANT_FIGURES = 2;
const LONGEST_US = 3_600_000_000;

/** How late frames were against their deadlines. */
class Lateness {
  readonly #microseconds: RecordableHistogram = createHistogram({
    lowest: 1,
    highest: LONGEST_US,
    figures: SIGNIFICANT_FIGURES,
  });

  record(lateMs: number): void {
    this.#microseconds.record(Math.min(LONGEST_US, Math.max(1, Math.round(lateMs * 1000))));
  }

  /** In milliseconds; zeros before the first frame. */
  read(): { readonly p99: number; readonly max: number } {
    if (this.#microseconds.count === 0) return { p99: 0, max: 0 };
    return { p99: this.#microseconds.percentile(99) / 1000, max: this.#microseconds.max / 1000 };
  }
}
