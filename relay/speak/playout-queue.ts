import type { HeldAudio } from '../audio/held-audio.ts';

/** What every queue may hold, however full the relay is: one message of Web PubSub, 20 s at 24 kHz. */
const OWN_BYTES = 1024 * 1024;

/** What an array in memory costs besides its bytes, as measured: many small pieces must not pass for little audio. */
const PIECE_BYTES = 512;

interface PlayoutQueueBounds {
  readonly maxBytes: number;
  /** Defaults to `OWN_BYTES`. */
  readonly ownBytes?: number;
  /** A bound of its own, because a great many small pieces cost more than their bytes. */
  readonly maxPieces: number;
  readonly held: HeldAudio;
}

/**
 * Audio that waits for its time: any number of bytes in, any number out, in order, up to a bound. Keeps the arrays it
 * gets, or copies of them (`own`).
 */
export class PlayoutQueue {
  readonly #bounds: PlayoutQueueBounds;
  #pieces: Uint8Array[] = [];
  #bytes = 0;
  /** What the queue counts for in `held`. */
  #heldBytes = 0;
  /** The memory of the last `push`, while it belongs to the caller. */
  #borrowed: ArrayBufferLike | undefined;

  constructor(bounds: PlayoutQueueBounds) {
    this.#bounds = bounds;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** What the queue may hold now, as full as the relay is. */
  get limitBytes(): number {
    const { maxBytes, ownBytes = OWN_BYTES, held } = this.#bounds;
    return Math.min(maxBytes, Math.max(ownBytes, Math.floor((this.#heldBytes + held.freeBytes) / 2)));
  }

  /** Takes nothing, and says why, when that would exceed a bound. */
  push(pcm: Uint8Array): 'taken' | 'playout is full' | 'relay is full' {
    const { maxBytes, maxPieces, ownBytes = OWN_BYTES, held } = this.#bounds;
    if (this.#bytes + pcm.byteLength > maxBytes || this.#pieces.length >= maxPieces) return 'playout is full';
    const moreBytes = pcm.byteLength + PIECE_BYTES;
    const heldBytes = this.#heldBytes + moreBytes;
    if (heldBytes > ownBytes && heldBytes > held.freeBytes - moreBytes) return 'relay is full';
    if (pcm.byteLength > 0) this.#pieces.push(pcm);
    this.#add(pcm.byteLength);
    this.#borrowed = pcm.buffer;
    return 'taken';
  }

  /** Copies what is left of the last `push`, so that its owner may reuse the memory. */
  own(): void {
    const last = this.#pieces.at(-1);
    if (last !== undefined && last.buffer === this.#borrowed)
      this.#pieces[this.#pieces.length - 1] = new Uint8Array(last);
    this.#borrowed = undefined;
  }

  /** Puts back what had left already, ahead of everything else. Ignores the bounds: it was within them before. */
  putBack(pieces: readonly Uint8Array[]): void {
    const kept = pieces.filter((pcm) => pcm.byteLength > 0);
    this.#pieces = [...kept, ...this.#pieces];
    this.#add(kept.reduce((sum, pcm) => sum + pcm.byteLength, 0));
  }

  /** Takes `bytes` from the front, or all there are. Hands on a piece that fits without a copy. */
  take(bytes: number): Uint8Array {
    const wanted = Math.min(bytes, this.#bytes);
    const first = this.#pieces[0];
    if (wanted === 0 || first === undefined) return new Uint8Array(0);
    const taken = this.#takeFrom(first, wanted);
    this.#add(-wanted);
    return taken;
  }

  /** Drops everything; returns how many bytes that were. */
  clear(): number {
    const dropped = this.#bytes;
    this.#pieces = [];
    this.#add(-dropped);
    return dropped;
  }

  #takeFrom(first: Uint8Array, wanted: number): Uint8Array {
    if (first.byteLength > wanted) {
      this.#pieces[0] = first.subarray(wanted);
      return first.subarray(0, wanted);
    }
    this.#pieces.shift();
    return first.byteLength === wanted ? first : this.#join(first, wanted);
  }

  #add(bytes: number): void {
    this.#bytes += bytes;
    this.#count();
  }

  #count(): void {
    const heldBytes = this.#bytes + PIECE_BYTES * this.#pieces.length;
    this.#bounds.held.add(heldBytes - this.#heldBytes);
    this.#heldBytes = heldBytes;
  }

  #join(first: Uint8Array, wanted: number): Uint8Array {
    const joined = new Uint8Array(wanted);
    joined.set(first);
    let filled = first.byteLength;
    for (let piece = this.#pieces[0]; piece !== undefined && filled < wanted; piece = this.#pieces[0]) {
      const part = piece.subarray(0, wanted - filled);
      joined.set(part, filled);
      filled += part.byteLength;
      if (part.byteLength === piece.byteLength) this.#pieces.shift();
      else this.#pieces[0] = piece.subarray(part.byteLength);
    }
    return joined;
  }
}
