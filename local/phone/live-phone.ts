import type { Clock } from '../../shared/base/clock.ts';
import { FrameConverter } from './frame-converter.ts';
import { samplesPerFrame } from './phone.ts';
import { RecordingPhone } from './recording-phone.ts';
import { UpQueue, type UpQueueCounts } from './up-queue.ts';

/** How long the person may be gone before the phone hangs up. */
export const LOST_AFTER_MS = 5_000;

/** Where a live phone has its microphone, its loudspeaker and its display. */
export interface Handset {
  /** Of its frames in both directions. 20 ms of it are a whole number of samples. */
  readonly sampleRateHz: number;
  /** The next 20 ms to be heard. Copy the array to keep it. */
  hear(samples: Int16Array): void;
  /** Somebody else on the call has pressed a key. */
  hearKey(key: string): void;
  /** The application has taken the call. */
  answered(): void;
  /** Sound runs from now on. The call has it at this rate. */
  mediaStarted(sampleRateHz: number): void;
  mediaStopped(): void;
  /** The call is over. It is the last of it. */
  ended(reason: string): void;
}

interface LivePhoneOptions {
  readonly rawId: string;
  readonly handset: Handset;
  readonly clock: Pick<Clock, 'after'>;
  /** It hangs up after so much time on the call. */
  readonly maxMs: number;
  /** Asks for the call to be ended; called once. */
  readonly onHangUp: () => void;
  /** A key is pressed. False: nobody takes it. */
  readonly onPress: (key: string) => boolean;
}

/** The rates between which it converts now. */
interface Line {
  readonly callHz: number;
  readonly up: FrameConverter;
  readonly down: FrameConverter;
}

/**
 * The telephone of a person who speaks and listens now. What comes from the handset is said as it comes; what the
 * recordings hold is what the call carried, at the rate of the call. The handset may go and come back, or be another
 * one then; without one for 5 s, the phone hangs up.
 */
export class LivePhone extends RecordingPhone {
  readonly #options: LivePhoneOptions;
  readonly #queue = new UpQueue();
  #handset: Handset | undefined;
  #line: Line | undefined;
  /** The converter holds no more than silence. */
  #quiet = true;
  #over = false;
  #lost = false;
  #cancelLost = (): void => {};

  constructor(options: LivePhoneOptions) {
    super(options);
    this.#options = options;
    this.#handset = options.handset;
  }

  get over(): boolean {
    return this.#over;
  }

  get counts(): UpQueueCounts {
    return this.#queue.counts;
  }

  /** 20 ms from the microphone, at the rate of the handset. Before media runs there is nobody to hear them. */
  say(frame: Int16Array): void {
    if (this.#line !== undefined) this.#queue.push(frame);
  }

  /** False where nothing takes keys. */
  press(key: string): boolean {
    return this.#options.onPress(key);
  }

  hangUp(): void {
    this.hangUpOnce(this.#options.onHangUp);
  }

  /** The person is back, or at another handset. */
  attach(handset: Handset): void {
    this.#cancelLost();
    this.#handset = handset;
    this.#queue.clear();
    if (this.#line === undefined) return;
    this.#line = this.#lineTo(handset, this.#line.callHz);
    handset.mediaStarted(this.#line.callHz);
  }

  /** The handset is gone. Nothing happens where the phone has another one by now. */
  detach(handset: Handset): void {
    if (this.#handset !== handset) return;
    this.#handset = undefined;
    if (this.#over) return;
    this.#cancelLost = this.#options.clock.after(LOST_AFTER_MS, () => {
      this.#lost = true;
      this.hangUp();
    });
  }

  /** It has hung up because the handset did not come back. */
  get lost(): boolean {
    return this.#lost;
  }

  override mediaStopped(): void {
    this.#line = undefined;
    this.#queue.clear();
    this.#handset?.mediaStopped();
  }

  override mediaStarted(sampleRateHz: number): void {
    super.mediaStarted(sampleRateHz);
    this.#line = this.#lineTo(this.#handset ?? this.#options.handset, sampleRateHz);
    this.#handset?.mediaStarted(sampleRateHz);
  }

  override hear(samples: Int16Array, fromApplication: number): void {
    super.hear(samples, fromApplication);
    const line = this.#line;
    if (line !== undefined) this.#handset?.hear(line.down.convert(samples));
    if (this.isOverdue) this.hangUp();
  }

  hearKey(key: string): void {
    this.#handset?.hearKey(key);
  }

  answered(): void {
    this.#handset?.answered();
  }

  ended(reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancelLost();
    this.#line = undefined;
    this.#handset?.ended(reason);
  }

  protected begin(): void {}

  /** Silence pushes out the end of what was said, which is still in the converter. */
  protected nextFrame(): Int16Array | undefined {
    const line = this.#line;
    if (line === undefined) return undefined;
    const frame = this.#queue.take();
    if (frame === undefined && (this.#quiet || line.up.isStraight)) return undefined;
    this.#quiet = frame === undefined;
    return line.up.convert(frame ?? new Int16Array(samplesPerFrame(line.up.fromHz)));
  }

  #lineTo({ sampleRateHz }: Handset, callHz: number): Line {
    this.#quiet = true;
    return {
      callHz,
      up: new FrameConverter(sampleRateHz, callHz),
      down: new FrameConverter(callHz, sampleRateHz),
    };
  }
}
