import type { StreamFormat } from './inbound-codec.ts';
import { IGNORED, type IgnoredReason, type UsableMessage } from './outbound-codec.ts';
import { OutboundReader } from './outbound-reader.ts';
import { type PlayoutFrame, PlayoutQueue } from './playout-queue.ts';
import type { MediaStreamReport } from './port.ts';

/** Audio of the application that waits to be played, at most; Microsoft documents no figure. */
const MAX_PLAYOUT_MS = 10 * 60_000;

type Counts = Omit<MediaStreamReport, 'framesSent' | 'framesDropped' | 'ownLatenessMs'>;

/** Everything that the application sends into a call: its messages in, playout frames and counts out. */
export class ApplicationAudio {
  readonly #sampleRateHz: number;
  readonly #bidirectional: boolean;
  readonly #playout: PlayoutQueue;
  readonly #reader = new OutboundReader();
  readonly #warn: (sentence: string) => void;
  readonly #ignored = new Map<IgnoredReason, number>();
  #messages = 0;
  #samples = 0;
  #tooLate = 0;
  #flushed = 0;
  #stops = 0;

  /** `warn` is called once for each reason why the application is not heard. */
  constructor(format: StreamFormat, bidirectional: boolean, warn: (sentence: string) => void) {
    this.#warn = warn;
    this.#sampleRateHz = format.sampleRateHz;
    this.#bidirectional = bidirectional;
    this.#playout = new PlayoutQueue(format.frameSamples, (MAX_PLAYOUT_MS * format.sampleRateHz) / 1000);
  }

  /** Takes one WebSocket message. The application does not learn of what is ignored, as with ACS. */
  receive(bytes: Buffer, isBinary: boolean): void {
    const message = this.#reader.read(bytes, isBinary);
    if (message.type === 'ignored') this.#ignore(message.reason);
    else if (!this.#bidirectional) this.#ignore('notBidirectional');
    else this.#apply(message);
  }

  /** Takes a message that comes when nothing is played any more. */
  receiveTooLate(bytes: Buffer, isBinary: boolean): void {
    const message = this.#reader.read(bytes, isBinary);
    if (message.type === 'audio' && this.#bidirectional) this.#tooLate += message.samples.length;
  }

  /** The next 20 ms to be heard; valid until the next one. */
  pull(): PlayoutFrame {
    return this.#playout.pull();
  }

  counts(): Counts {
    return {
      audioMessagesReceived: this.#messages,
      samplesReceived: this.#samples,
      samplesPlayed: this.#playout.played,
      samplesFlushedByStop: this.#flushed,
      samplesOverflowed: this.#playout.overflowed,
      samplesTooLate: this.#tooLate,
      stopAudioCount: this.#stops,
      ignored: Object.fromEntries(this.#ignored),
      playoutQueueMs: (this.#playout.depth / this.#sampleRateHz) * 1000,
      underruns: this.#playout.underruns,
    };
  }

  #apply(message: UsableMessage): void {
    if (message.type === 'audio') {
      this.#messages += 1;
      this.#samples += message.samples.length;
      const overflowed = this.#playout.overflowed;
      this.#playout.push(message.samples);
      if (overflowed === 0 && this.#playout.overflowed > 0)
        this.#warn(
          `the application is not heard: overflowed, ${MAX_PLAYOUT_MS / 60_000} minutes of audio wait to be played already`,
        );
    } else {
      this.#stops += 1;
      this.#flushed += this.#playout.flush();
    }
  }

  #ignore(reason: IgnoredReason): void {
    if (!this.#ignored.has(reason)) this.#warn(`the application is not heard: ${reason}, ${IGNORED[reason]}`);
    this.#ignored.set(reason, (this.#ignored.get(reason) ?? 0) + 1);
  }
}
