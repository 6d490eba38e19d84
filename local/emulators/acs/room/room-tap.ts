import { FrameConverter } from '../../../phone/frame-converter.ts';
import { type Phone, samplesPerFrame } from '../../../phone/phone.ts';

/** Frames of 20 ms that wait between a room and one application at most; the oldest is thrown away. */
const MAX_WAITING_FRAMES = 10;

/** What a tap tells the sound of its room. */
interface TapListener {
  /** The application's clock drives this tap from now on, or no longer. */
  driven(on: boolean): void;
  /** A frame is wanted, and none is there. */
  wanting(): void;
}

interface Heard {
  readonly samples: Int16Array;
  readonly fromApplication: number;
}

interface Running {
  readonly toApplication: FrameConverter;
  readonly toRoom: FrameConverter;
  readonly ratio: number;
}

/**
 * One telephone of a room as one application has it. The application's clock takes from it what the person says and
 * gives it what the application says; the clock of the room does so on the other side. Its end is no end of the
 * telephone.
 */
export class RoomTap implements Phone {
  readonly rawId: string;
  /** In the room the telephones hear one another. */
  readonly othersElsewhere = true;
  readonly #roomHz: number;
  readonly #listener: TapListener;
  readonly #onKey: (key: string) => void;
  #said: (Int16Array | undefined)[] = [];
  #heard: Heard[] = [];
  #running: Running | undefined;

  constructor(rawId: string, roomHz: number, listener: TapListener, onKey: (key: string) => void) {
    this.rawId = rawId;
    this.#roomHz = roomHz;
    this.#listener = listener;
    this.#onKey = onKey;
  }

  /** The room's side: what the person has said in one frame. Nothing is kept while the application does not listen. */
  push(samples: Int16Array | undefined): void {
    if (this.#running === undefined) return;
    this.#said.push(samples?.slice());
    if (this.#said.length > MAX_WAITING_FRAMES) this.#said.shift();
  }

  /** The room's side: the next frame that the application wants heard. */
  pull(): Heard | undefined {
    return this.#heard.shift();
  }

  mediaStarted(sampleRateHz: number): void {
    this.#said = [];
    this.#heard = [];
    const before = this.#running;
    this.#running = {
      toApplication: new FrameConverter(this.#roomHz, sampleRateHz),
      toRoom: new FrameConverter(sampleRateHz, this.#roomHz),
      ratio: this.#roomHz / sampleRateHz,
    };
    if (before === undefined) this.#listener.driven(true);
  }

  speak(): Int16Array | undefined {
    if (this.#said.length === 0) this.#listener.wanting();
    const samples = this.#said.shift();
    const converter = this.#running?.toApplication;
    if (converter === undefined || this.#running?.ratio === 1) return samples;
    return converter.convert(samples ?? new Int16Array(samplesPerFrame(this.#roomHz)));
  }

  hear(samples: Int16Array, fromApplication: number): void {
    const running = this.#running;
    if (running === undefined) return;
    const converted = running.ratio === 1 ? samples.slice() : running.toRoom.convert(samples);
    this.#heard.push({ samples: converted, fromApplication: Math.round(fromApplication * running.ratio) });
    if (this.#heard.length > MAX_WAITING_FRAMES) this.#heard.shift();
  }

  hearKey(key: string): void {
    this.#onKey(key);
  }

  mediaStopped(): void {
    if (this.#running === undefined) return;
    this.#running = undefined;
    this.#said = [];
    this.#heard = [];
    this.#listener.driven(false);
  }

  ended(): void {
    this.mediaStopped();
  }
}
