/**
 * What a worker says whenever it wants to: RTP packets in the group of its call, in the order of its calls to `play`.
 *
 * The packets of one event continue the numbers in the lane's memory and start at the event's time. So the same event,
 * handled again, publishes the same packets, and the relay drops them as repetitions.
 */
import { BYTES_PER_SAMPLE } from '../../../shared/audio/audio-format.ts';
import { LONGEST_SPEECH_MS } from '../../../shared/call/plan.ts';
import { formatRtp } from '../../../shared/wire/lane/rtp.ts';
import {
  type LaneAudioFormat,
  payloadTypeOf,
  pcmBytes,
  rateOf,
  type SpokenAudio,
  toPayload,
} from './lane-audio.ts';

/**
 * Audio in one message: short at first, so that the caller hears it soon, then twice as long as the message before it.
 * The longest has 480,000 bytes; Web PubSub takes 1 MB.
 */
const FIRST_PIECE_MS = 1_000;
const LONGEST_PIECE_MS = 10_000;

/**
 * Numbers from 0 to below this one are those of replies: what a worker replies and what it publishes are never taken
 * for the same packet.
 */
export const FIRST_NUMBER = 0x8000;

/**
 * The numbers of the packets and messages that a worker publishes on a lane. The relay takes equal ones for a
 * repetition.
 */
export class PacketNumbers {
  #used: number;

  /** @param used packets that were published before */
  constructor(used = 0) {
    this.#used = used;
  }

  /** Packets published on this lane so far. */
  get used(): number {
    return this.#used;
  }

  next(): number {
    const number = FIRST_NUMBER | (this.#used % FIRST_NUMBER);
    this.#used = (this.#used + 1) & 0xffff;
    return number;
  }
}

interface PlayerOptions {
  readonly turn: number;
  /** Undefined until `call.started` has come. */
  readonly format: LaneAudioFormat | undefined;
  /** RTP timestamp of the first packet. */
  readonly at: number;
  readonly numbers: PacketNumbers;
  readonly send: (message: Uint8Array<ArrayBuffer> | object) => Promise<void>;
}

export class PlayError extends Error {
  override readonly name = 'PlayError';
}

/** Nobody hears the rest of what a handler says. It is also the reason of `call.signal`. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
  /** `interrupted`: the caller, or a worker of higher priority, spoke. `call ended`: the worker is off the call. */
  readonly reason: 'interrupted' | 'call ended';
  /** The turn that has begun; undefined if the call ended. */
  readonly turn: number | undefined;
  /** How much of what the worker was saying was heard; undefined if the call ended. */
  readonly playedMs: number | undefined;

  constructor(interruption?: { readonly turn: number; readonly playedMs: number }) {
    super(
      interruption === undefined
        ? 'the call has ended for this worker'
        : `interrupted: turn ${interruption.turn} has begun, and ${interruption.playedMs} ms were heard`,
    );
    this.reason = interruption === undefined ? 'call ended' : 'interrupted';
    this.turn = interruption?.turn;
    this.playedMs = interruption?.playedMs;
  }
}

export class Player {
  readonly #options: PlayerOptions;
  /** The numbers of the packets of this player. */
  readonly #published = new Set<number>();
  #at: number;
  #last: Promise<void> = Promise.resolve();
  #claimedMs = 0;
  #refusal: Error | undefined;
  readonly #refused = Promise.withResolvers<never>();

  constructor(options: PlayerOptions) {
    this.#options = options;
    this.#at = options.at;
    this.#refused.promise.catch(() => {});
  }

  /** Whether a packet of this number is one of this player. */
  hasPublished(number: number): boolean {
    return this.#published.has(number);
  }

  /**
   * Resolves when Web PubSub has all of it. The order is kept also without awaiting it.
   * @throws PlayError for half a sample, for more than `LONGEST_SPEECH_MS` in one event, or before `call.started` has
   *   named the format of the call; and what `refuse` was called with
   */
  async play(spoken: SpokenAudio): Promise<void> {
    if (this.#refusal !== undefined) throw this.#refusal;
    const { format } = this.#options;
    if (format === undefined)
      throw new PlayError('there can be no audio before call.started, which names its format');
    const bytes = pcmBytes(spoken, format);
    if (bytes.byteLength % 2 !== 0) {
      throw new PlayError(`PCM16 audio has an even number of bytes, not ${bytes.byteLength}`);
    }
    const bytesPerMs = (rateOf(format) * BYTES_PER_SAMPLE) / 1_000;
    this.claim(bytes.byteLength / bytesPerMs);
    const packets: Uint8Array<ArrayBuffer>[] = [];
    // Made at once: the samples belong to the worker, which may change them while earlier ones are sent.
    for (let at = 0, ms = FIRST_PIECE_MS; at < bytes.byteLength; ms = Math.min(2 * ms, LONGEST_PIECE_MS)) {
      packets.push(this.#packet(format, bytes.subarray(at, at + ms * bytesPerMs)));
      at += ms * bytesPerMs;
    }
    const sent = this.#inOrder(async () => {
      for (const packet of packets) {
        if (this.#refusal !== undefined) throw this.#refusal;
        await this.#options.send(packet);
      }
    });
    await Promise.race([sent, this.#refused.promise]);
  }

  /** Publishes actions after what was played before, as one message with a number of its own. */
  act(actions: readonly object[]): Promise<void> {
    const number = this.#options.numbers.next();
    return this.#inOrder(() => this.#options.send({ actions, number }));
  }

  /**
   * Counts audio that is about to be said.
   * @throws PlayError when the event would say more than `LONGEST_SPEECH_MS`
   */
  claim(ms: number): void {
    const allMs = this.#claimedMs + ms;
    if (allMs > LONGEST_SPEECH_MS) {
      throw new PlayError(
        `an event is answered by at most ${LONGEST_SPEECH_MS} ms of audio, and with this it is ${Math.round(allMs)} ms`,
      );
    }
    this.#claimedMs = allMs;
  }

  /** Counts from 0 again: what follows answers no event. */
  forgetClaims(): void {
    this.#claimedMs = 0;
  }

  /** Plays nothing from now on: `play` rejects with `error`, also where it waits. The first error counts. */
  refuse(error: Error): void {
    this.#refusal ??= error;
    this.#refused.reject(this.#refusal);
  }

  #packet(format: LaneAudioFormat, pcm: Uint8Array): Uint8Array<ArrayBuffer> {
    const sequenceNumber = this.#options.numbers.next();
    const packet = formatRtp({
      payloadType: payloadTypeOf(format),
      marker: this.#at === this.#options.at,
      sequenceNumber,
      timestamp: this.#at,
      ssrc: this.#options.turn,
      payload: toPayload(format, pcm),
    });
    this.#published.add(sequenceNumber);
    this.#at += pcm.byteLength / BYTES_PER_SAMPLE;
    return packet;
  }

  #inOrder(send: () => Promise<void>): Promise<void> {
    const sent = this.#last.then(send);
    // A failure rejects for the one who played it; what follows is sent all the same.
    this.#last = sent.catch(() => {});
    return sent;
  }
}
