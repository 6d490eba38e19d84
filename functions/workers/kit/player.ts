/**
 * What a worker says whenever it wants to: RTP packets in the group of its call, in the order of its calls to `play`.
 *
 * The packets of one event continue the numbers in the lane's memory and start at the event's time. So the same event,
 * handled again, publishes the same packets, and the relay drops them as repetitions.
 */
import { BYTES_PER_SAMPLE } from '../../../shared/audio/audio-format.ts';
import { formatRtp } from '../../../shared/wire/lane/rtp.ts';
import { type LaneAudioFormat, payloadTypeOf, rateOf, toPayload } from './lane-audio.ts';

/** Longest audio in one message. */
const PIECE_MS = 1_000;

/** Replies are numbered from 0: what a worker replies and what it plays are never taken for the same packet. */
const FIRST_NUMBER = 0x8000;

interface PlayerOptions {
  readonly turn: number;
  /** Undefined until `call.started` has come. */
  readonly format: LaneAudioFormat | undefined;
  /** RTP timestamp of the first packet. */
  readonly at: number;
  /** Packets that were published before. */
  readonly published: number;
  readonly send: (message: Uint8Array<ArrayBuffer> | object) => Promise<void>;
}

export class PlayError extends Error {
  override readonly name = 'PlayError';
}

export class Player {
  readonly #options: PlayerOptions;
  #published: number;
  #at: number;
  #last: Promise<void> = Promise.resolve();

  constructor(options: PlayerOptions) {
    this.#options = options;
    this.#published = options.published;
    this.#at = options.at;
  }

  /** Packets published on this lane so far. */
  get published(): number {
    return this.#published;
  }

  /**
   * Resolves when Web PubSub has all of it. The order is kept also without awaiting it.
   * @throws PlayError for half a sample, or before `call.started` has named the format of the call
   */
  async play(pcm: Int16Array | Uint8Array): Promise<void> {
    const { format } = this.#options;
    if (format === undefined)
      throw new PlayError('there can be no audio before call.started, which names its format');
    const bytes = new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength);
    if (bytes.byteLength % 2 !== 0) {
      throw new PlayError(`PCM16 audio has an even number of bytes, not ${bytes.byteLength}`);
    }
    const step = (PIECE_MS / 1_000) * rateOf(format) * BYTES_PER_SAMPLE;
    const packets: Uint8Array<ArrayBuffer>[] = [];
    // Made at once: the samples belong to the worker, which may change them while earlier ones are sent.
    for (let at = 0; at < bytes.byteLength; at += step)
      packets.push(this.#packet(format, bytes.subarray(at, at + step)));
    await this.#inOrder(async () => {
      for (const packet of packets) await this.#options.send(packet);
    });
  }

  /** Publishes actions after what was played before. */
  act(actions: readonly object[]): Promise<void> {
    return this.#inOrder(() => this.#options.send({ actions }));
  }

  #packet(format: LaneAudioFormat, pcm: Uint8Array): Uint8Array<ArrayBuffer> {
    const packet = formatRtp({
      payloadType: payloadTypeOf(format),
      marker: this.#at === this.#options.at,
      sequenceNumber: FIRST_NUMBER | (this.#published % FIRST_NUMBER),
      timestamp: this.#at,
      ssrc: this.#options.turn,
      payload: toPayload(format, pcm),
    });
    this.#published = (this.#published + 1) & 0xffff;
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
