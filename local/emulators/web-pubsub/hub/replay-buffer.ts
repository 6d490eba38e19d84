import type { Frame, MessageOrigin } from './client-codec.ts';

interface Entry {
  readonly sequenceId: number;
  readonly frame: Frame;
  readonly origin: MessageOrigin;
  /** From when on it is not sent again; Infinity when it does not expire. */
  readonly expiresAtMs: number;
}

/**
 * The messages of a reliable connection that its client has not acknowledged, in sequence order.
 * Sequence ids count from 1 over the whole logical connection, through every recovery.
 */
export class ReplayBuffer {
  readonly #maxMessages: number;
  readonly #maxBytes: number;
  #entries: Entry[] = [];
  #bytes = 0;
  #lastSequenceId = 0;

  constructor(maxMessages: number, maxBytes: number) {
    this.#maxMessages = maxMessages;
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#entries.length;
  }

  /**
   * Gives the next message its sequence id and keeps it until it is acknowledged or, if it has a time to live, expires.
   * @param encode writes the frame for the sequence id
   * @returns the frame, or undefined when the message would exceed a bound; the connection is then beyond recovery
   */
  add(
    encode: (sequenceId: number) => Frame,
    origin: MessageOrigin,
    nowMs: number,
    expiresAtMs = Number.POSITIVE_INFINITY,
  ): Frame | undefined {
    if (this.#entries.length >= this.#maxMessages) this.#dropExpired(nowMs);
    if (this.#entries.length >= this.#maxMessages) return undefined;
    const sequenceId = this.#lastSequenceId + 1;
    const frame = encode(sequenceId);
    const length = frame.bytes.byteLength;
    if (this.#bytes + length > this.#maxBytes) this.#dropExpired(nowMs);
    if (this.#bytes + length > this.#maxBytes) return undefined;
    this.#lastSequenceId = sequenceId;
    this.#entries.push({ sequenceId, frame, origin, expiresAtMs });
    this.#bytes += length;
    return frame;
  }

  /** Releases every message up to and including `sequenceId`. */
  acknowledge(sequenceId: number): void {
    let released = 0;
    for (const entry of this.#entries) {
      if (entry.sequenceId > sequenceId) break;
      this.#bytes -= entry.frame.bytes.byteLength;
      released += 1;
    }
    if (released > 0) this.#entries = this.#entries.slice(released);
  }

  /** The messages to send again, oldest first. Those that expired are gone: their sequence ids stay gaps. */
  kept(nowMs: number): readonly { readonly frame: Frame; readonly origin: MessageOrigin }[] {
    this.#dropExpired(nowMs);
    return this.#entries;
  }

  #dropExpired(nowMs: number): void {
    const kept = this.#entries.filter((entry) => entry.expiresAtMs > nowMs);
    if (kept.length === this.#entries.length) return;
    this.#entries = kept;
    this.#bytes = kept.reduce((sum, { frame }) => sum + frame.bytes.byteLength, 0);
  }
}
