import { PHONE_FRAME_MS, type Phone, samplesPerFrame } from '../../../phone/phone.ts';
import { Conference } from '../media/conference.ts';
import { FrameClock } from '../media/frame-clock.ts';
import type { MediaTicker, Ticking } from '../media/media-ticker.ts';
import { RoomTap } from './room-tap.ts';
import { SharedPhone } from './shared-phone.ts';

/** Frames that one turn of the event loop catches up at most. */
const MAX_FRAMES_A_TURN = 50;

/** One application in the sound of a room: its taps, and how many of them its clock drives. */
export interface SoundLeg {
  readonly taps: Map<string, RoomTap>;
  driven: number;
}

interface RoomSoundOptions {
  /** Of all telephones: they cannot change it. */
  readonly sampleRateHz: number;
  readonly ticker: MediaTicker;
  /** A telephone did what none may do; there is no sound any more. */
  readonly onBroken: (error: unknown) => void;
}

/**
 * The sound of a room: telephones that hear one another, and any number of applications.
 *
 * ```
 *            two telephones                 an application's clock runs
 *   (quiet) ────────────────▶ own clock ────────────────────────────────▶ led
 *      ▲ ◀──fewer than two──────┘  ▲                                       │
 *      │                           └──the last clock stops, two telephones─┤
 *      └──────────────────────────────the last clock stops─────────────────┘
 * ```
 * While it is led, a frame of the room is a frame of the application that has listened longest, so that this one misses
 * nothing and waits for nothing; the others are a part of a frame beside it.
 */
export class RoomSound implements Ticking {
  readonly #options: RoomSoundOptions;
  readonly #phones: SharedPhone[] = [];
  readonly #legs: SoundLeg[] = [];
  readonly #silence: Int16Array;
  readonly #conference: Conference;
  #running = false;
  #clock: FrameClock | undefined;
  #closed = false;

  constructor(options: RoomSoundOptions) {
    this.#options = options;
    const { sampleRateHz } = options;
    const frameSamples = samplesPerFrame(sampleRateHz);
    this.#silence = new Int16Array(frameSamples);
    this.#conference = new Conference(this.#phones, { sampleRateHz, frameSamples });
  }

  /** A telephone enters; every application that is there can tap it from now on. */
  add(phone: Phone): SharedPhone {
    const shared = new SharedPhone(phone);
    this.#phones.push(shared);
    this.#update();
    return shared;
  }

  /** Gives the telephone back. */
  remove(shared: SharedPhone): Phone | undefined {
    const index = this.#phones.indexOf(shared);
    if (index >= 0) this.#phones.splice(index, 1);
    for (const { taps } of this.#legs) taps.delete(shared.rawId);
    const phone = shared.release();
    this.#update();
    return phone;
  }

  addLeg(): SoundLeg {
    const leg: SoundLeg = { taps: new Map(), driven: 0 };
    this.#legs.push(leg);
    return leg;
  }

  /** The application is gone: its taps are dead, and who was on hold for it is not any more. */
  removeLeg(leg: SoundLeg): void {
    const index = this.#legs.indexOf(leg);
    if (index >= 0) this.#legs.splice(index, 1);
    for (const shared of this.#phones) {
      const tap = leg.taps.get(shared.rawId);
      if (tap === undefined) continue;
      shared.taps.delete(tap);
      if (shared.holder === tap) shared.holder = undefined;
      tap.ended();
    }
    leg.taps.clear();
    this.#update();
  }

  /** The telephone as this application is to have it. */
  tap(leg: SoundLeg, shared: SharedPhone): RoomTap {
    const tap = new RoomTap(
      shared.rawId,
      this.#options.sampleRateHz,
      {
        driven: (on) => {
          leg.driven += on ? 1 : -1;
          this.#update();
        },
        wanting: () => {
          if (this.#leader === leg) this.#step();
        },
      },
      (key) => shared.hearKey(key),
    );
    leg.taps.set(shared.rawId, tap);
    shared.taps.add(tap);
    return tap;
  }

  /** Nothing is heard any more. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#update();
  }

  get deadlineMs(): number {
    return this.#clock?.deadlineMs ?? Number.POSITIVE_INFINITY;
  }

  tick(nowMs: number): void {
    for (let frames = 0; frames < MAX_FRAMES_A_TURN; frames++) {
      const clock = this.#clock;
      if (clock === undefined || clock.due(nowMs) === 0) return;
      clock.take();
      this.#step();
    }
  }

  broke(error: unknown): void {
    this.#clock = undefined;
    this.close();
    this.#options.onBroken(error);
  }

  get #leader(): SoundLeg | undefined {
    return this.#legs.find(({ driven }) => driven > 0);
  }

  #step(): void {
    if (!this.#running) return;
    this.#conference.speak();
    this.#conference.hear({ samples: this.#silence, fromApplication: 0 });
  }

  #update(): void {
    const led = this.#leader !== undefined;
    const wanted = !this.#closed && (led || this.#phones.length > 1);
    if (wanted !== this.#running) {
      this.#running = wanted;
      if (wanted) this.#conference.start();
      else this.#conference.stop();
    }
    // A phone may have changed everything when it heard of its media.
    this.#keepTime(this.#running && this.#leader === undefined);
  }

  #keepTime(wanted: boolean): void {
    const { ticker } = this.#options;
    if (wanted === (this.#clock !== undefined)) return;
    if (wanted) {
      this.#clock = new FrameClock(ticker.now(), PHONE_FRAME_MS);
      ticker.add(this);
    } else {
      this.#clock = undefined;
      ticker.remove(this);
    }
  }
}
