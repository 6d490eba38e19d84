import { PHONE_FRAME_MS, type Phone, samplesPerFrame } from '../../../phone/phone.ts';
import { convertRate } from '../../../phone/resample.ts';
import { Conference } from '../media/conference.ts';
import { FrameClock } from '../media/frame-clock.ts';
import type { MediaTicker, Ticking } from '../media/media-ticker.ts';
import type { PlayoutFrame } from '../media/playout-queue.ts';
import type { PromptHandle, PromptOptions, PromptPlayer } from './media-operation.ts';
import { PromptedPhone, PromptReader } from './prompted-phone.ts';

/** Frames that one turn of the event loop catches up at most. */
const MAX_FRAMES_A_TURN = 50;

interface PlayingPrompt {
  readonly readers: Map<PromptedPhone, PromptReader>;
  readonly finished: (() => void) | undefined;
}

interface CallSoundOptions {
  /** The rate of the call's media: phones cannot change it within a call. */
  readonly sampleRateHz: number;
  /** Everybody on the line, as a media stream sees them. The list is the call's and may change. */
  readonly phones: () => readonly Phone[];
  readonly ticker: MediaTicker;
  readonly log?: (line: string) => void;
}

/**
 * The sound of one call, and the time of its phones, apart from its media stream. Prompts are mixed in where phones
 * hear, so whatever drives the phones carries them:
 *
 * ```
 *            the call is connected,          the call is over
 *            or a prompt plays
 *   (quiet) ───────────────────────▶ clock ──────────────────▶ (quiet)
 *      │                              │ ▲
 *      └──media stream starts──▶ stream │
 *                                 └─────┘ the stream stops
 * ```
 * Under `clock` this class itself drives the phones, 20 ms at a time on the ticker of the process, and they hear one
 * another.
 */
export class CallSound implements PromptPlayer, Ticking {
  readonly #options: CallSoundOptions;
  readonly #ticker: MediaTicker;
  readonly #frameSamples: number;
  /** What the application says beside its prompts while it streams nothing. */
  readonly #silence: PlayoutFrame;
  /** The phones while the clock drives them. */
  #conference: Conference | undefined;
  readonly #phones = new Map<string, PromptedPhone>();
  readonly #streamed = new Set<PromptedPhone>();
  readonly #prompts = new Set<PlayingPrompt>();
  #live = false;
  #clock: FrameClock | undefined;
  /** True while this class calls the phones, to distinguish its own calls from those of a media stream. */
  #driving = false;
  #closed = false;

  constructor(options: CallSoundOptions) {
    this.#options = options;
    this.#ticker = options.ticker;
    this.#frameSamples = samplesPerFrame(options.sampleRateHz);
    this.#silence = { samples: new Int16Array(this.#frameSamples), fromApplication: 0 };
  }

  /** Whether time passes for the phones when nothing is streamed and nothing is played. */
  live(live: boolean): void {
    this.#live = live;
    this.#update();
  }

  /** The phone as the call is to use it from now on. */
  wrap(phone: Phone): PromptedPhone {
    this.#phones.get(phone.rawId)?.detach();
    const prompted = new PromptedPhone(phone, {
      mediaStarted: (self) => {
        if (this.#driving) return;
        this.#stopClock();
        this.#streamed.add(self);
      },
      mediaStopped: (self) => {
        if (this.#driving || !this.#streamed.delete(self)) return;
        // Not within the stream's own last frame.
        queueMicrotask(() => this.#update());
      },
      finished: (self, reader) => this.#finishedBy(self, reader),
    });
    this.#phones.set(phone.rawId, prompted);
    // The call puts the phone on its list when it has it back.
    queueMicrotask(() => this.#update());
    return prompted;
  }

  /** The phone of this participant has left the call. */
  remove(rawId: string): void {
    const phone = this.#phones.get(rawId);
    if (phone === undefined) return;
    this.#phones.delete(rawId);
    this.#streamed.delete(phone);
    phone.detach();
    for (const prompt of [...this.#prompts]) if (prompt.readers.delete(phone)) this.#finishIfHeard(prompt);
    this.#update();
  }

  has(rawId: string): boolean {
    return this.#phones.has(rawId);
  }

  hold(rawId: string, onHold: boolean): void {
    const phone = this.#phones.get(rawId);
    if (phone !== undefined) phone.onHold = onHold;
  }

  /** A phone hears a key that was sent to it. */
  hearKey(rawId: string, key: string): void {
    this.#phones.get(rawId)?.hearKey(key);
  }

  speakToPhones(options: PromptOptions): PromptHandle {
    const samples = convertRate(options.samples, options.sampleRateHz, this.#options.sampleRateHz);
    const prompt: PlayingPrompt = { readers: new Map(), finished: options.finished };
    for (const phone of this.#phones.values()) {
      if (options.targets !== 'all' && !options.targets.includes(phone.rawId)) continue;
      const reader = new PromptReader(samples, options.loop === true);
      prompt.readers.set(phone, reader);
      phone.play(reader, options.heard);
    }
    this.#prompts.add(prompt);
    if (samples.length === 0) prompt.readers.clear();
    queueMicrotask(() => this.#finishIfHeard(prompt));
    this.#update();
    return {
      stop: () => this.#stop(prompt),
      pause: (paused) => {
        for (const reader of prompt.readers.values()) reader.paused = paused;
      },
    };
  }

  /** The call is over: every prompt stops without `finished`. Idempotent. */
  close(): void {
    this.#closed = true;
    for (const prompt of [...this.#prompts]) this.#stop(prompt);
    this.#stopClock();
  }

  get deadlineMs(): number {
    return this.#clock?.deadlineMs ?? Number.POSITIVE_INFINITY;
  }

  tick(nowMs: number): void {
    for (let frames = 0; frames < MAX_FRAMES_A_TURN; frames++) {
      const clock = this.#clock;
      const conference = this.#conference;
      if (clock === undefined || conference === undefined || clock.due(nowMs) === 0) return;
      clock.take();
      this.#drive(() => {
        conference.speak();
        conference.hear(this.#silence);
      });
    }
  }

  broke(error: unknown): void {
    this.#clock = undefined;
    this.#conference = undefined;
    this.#options.log?.(`the sound of a call broke and was stopped: ${String(error)}`);
    for (const prompt of [...this.#prompts]) {
      prompt.readers.clear();
      this.#finishIfHeard(prompt);
    }
  }

  #stop(prompt: PlayingPrompt): void {
    if (!this.#prompts.delete(prompt)) return;
    for (const [phone, reader] of prompt.readers) phone.silence(reader);
    this.#update();
  }

  #finishedBy(phone: PromptedPhone, reader: PromptReader): void {
    for (const prompt of [...this.#prompts]) {
      if (prompt.readers.get(phone) !== reader) continue;
      prompt.readers.delete(phone);
      this.#finishIfHeard(prompt);
    }
  }

  #finishIfHeard(prompt: PlayingPrompt): void {
    if (prompt.readers.size > 0 || !this.#prompts.delete(prompt)) return;
    prompt.finished?.();
    this.#update();
  }

  #update(): void {
    const wanted = !this.#closed && this.#phones.size > 0 && (this.#live || this.#prompts.size > 0);
    if (!wanted) this.#stopClock();
    else if (this.#streamed.size === 0) this.#startClock();
  }

  #startClock(): void {
    if (this.#clock !== undefined) return;
    const { sampleRateHz, phones } = this.#options;
    const conference = new Conference(phones(), { sampleRateHz, frameSamples: this.#frameSamples });
    this.#conference = conference;
    // All such calls share their deadlines, so that one timer serves them all.
    const startMs = Math.ceil(this.#ticker.now() / PHONE_FRAME_MS) * PHONE_FRAME_MS;
    this.#clock = new FrameClock(startMs, PHONE_FRAME_MS);
    this.#drive(() => conference.start());
    this.#ticker.add(this);
  }

  #stopClock(): void {
    if (this.#clock === undefined) return;
    this.#clock = undefined;
    this.#ticker.remove(this);
    const conference = this.#conference;
    this.#conference = undefined;
    if (conference !== undefined) this.#drive(() => conference.stop());
  }

  #drive(run: () => void): void {
    const before = this.#driving;
    this.#driving = true;
    try {
      run();
    } finally {
      this.#driving = before;
    }
  }
}
