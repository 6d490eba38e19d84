import { FrameConverter } from '../../../phone/frame-converter.ts';
import type { Phone } from '../../../phone/phone.ts';
import type { Farewell } from './phone-line.ts';

/** Frames of 20 ms that wait before the first is said: the two calls take turns in any order. */
const LEAD_FRAMES = 2;
/** With more than these waiting, silence is left out, so that what a held up process has delayed catches up. */
const CALM_FRAMES = 4;
/** Frames that wait at most, a second; the oldest is thrown away. */
const MAX_WAITING_FRAMES = 50;

/** What one end of the pair does to the call that it is on. */
interface LinkedEnd {
  readonly rawId: string;
  /** The other end is over. */
  readonly hangUp: (how: Farewell) => void;
  /** The other end has heard a key. */
  readonly press: (key: string) => void;
  /** The call that this end has made was answered. */
  readonly answered?: () => void;
  /** The call is over for this end. */
  readonly ended?: (reason: string) => void;
}

/**
 * Two telephones back to back, each on a call of its own: what one hears the other says, and when one call is over for
 * its telephone the other hangs up. They connect an application that calls with an application that is called. Each
 * call keeps its own time and its own rate.
 */
export function linkPhones(one: LinkedEnd, other: LinkedEnd): readonly [LinkedPhone, LinkedPhone] {
  const phones = [new LinkedPhone(one), new LinkedPhone(other)] as const;
  phones[0].peer = phones[1];
  phones[1].peer = phones[0];
  return phones;
}

export class LinkedPhone implements Phone {
  readonly rawId: string;
  peer: LinkedPhone | undefined;
  readonly #end: LinkedEnd;
  /** Frames at this end's rate; undefined is silence. */
  #waiting: (Int16Array | undefined)[] = [];
  #flowing = false;
  #sampleRateHz: number | undefined;
  #fromPeer: { readonly sampleRateHz: number; readonly converter: FrameConverter } | undefined;
  #over = false;

  constructor(end: LinkedEnd) {
    this.rawId = end.rawId;
    this.#end = end;
  }

  mediaStarted(sampleRateHz: number): void {
    this.#sampleRateHz = sampleRateHz;
    this.#fromPeer = undefined;
  }

  speak(): Int16Array | undefined {
    if (!this.#flowing && this.#waiting.length < LEAD_FRAMES) return undefined;
    this.#flowing = this.#waiting.length > 0;
    return this.#waiting.shift();
  }

  hear(samples: Int16Array): void {
    if (this.#sampleRateHz !== undefined) this.peer?.pass(samples, this.#sampleRateHz);
  }

  hearKey(key: string): void {
    if (this.peer?.isOver === false) this.peer.press(key);
  }

  mediaStopped(): void {
    this.#sampleRateHz = undefined;
    this.#waiting = [];
    this.#flowing = false;
  }

  answered(): void {
    this.#end.answered?.();
  }

  ended(reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.mediaStopped();
    this.#end.ended?.(reason);
    this.peer?.hangUp(farewellOf(reason));
  }

  get isOver(): boolean {
    return this.#over;
  }

  press(key: string): void {
    this.#end.press(key);
  }

  hangUp(how: Farewell): void {
    if (!this.#over) this.#end.hangUp(how);
  }

  /** A frame that the other end has heard. Nothing is kept while nobody listens at this end. */
  pass(samples: Int16Array, sampleRateHz: number): void {
    const own = this.#sampleRateHz;
    if (own === undefined) return;
    const frame = own === sampleRateHz ? audible(samples) : this.#converted(samples, sampleRateHz, own);
    if (frame === undefined && this.#waiting.length > CALM_FRAMES) return;
    this.#waiting.push(frame);
    if (this.#waiting.length > MAX_WAITING_FRAMES) this.#waiting.shift();
  }

  #converted(samples: Int16Array, fromHz: number, toHz: number): Int16Array | undefined {
    if (this.#fromPeer?.sampleRateHz !== fromHz)
      this.#fromPeer = { sampleRateHz: fromHz, converter: new FrameConverter(fromHz, toHz) };
    return audible(this.#fromPeer.converter.convert(samples));
  }
}

/** What the end of a call on one side is to the other side. */
function farewellOf(reason: string): Farewell {
  if (reason === 'removed') return reason;
  return reason === 'hungUpByApplication' ? 'endedForAll' : 'left';
}

/** A copy of the frame, or undefined where it is silent. */
function audible(samples: Int16Array): Int16Array | undefined {
  return samples.some((sample) => sample !== 0) ? samples.slice() : undefined;
}
