import type { Frame } from './client-codec.ts';

interface Entry {
  readonly sequenceId: number;
  readonly frame: Frame;
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
   * Gives the next message its sequence id and keeps it.
   * @param encode writes the frame for the sequence id
   * @returns the frame, or undefined when the message would exceed a bound; the connection is then beyond recovery
   */
  add(encode: (sequenceId: number) => Frame): Frame | undefined {
    if (this.#entries.length >= this.#maxMessages) return undefined;
    const sequenceId = this.#lastSequenceId + 1;
    const frame = encode(sequenceId);
    if (this.#bytes + frame.bytes.byteLength > this.#maxBytes) return undefined;
    this.#lastSequenceId = sequenceId;
    this.#entries.push({ sequenceId, frame });
    this.#bytes += frame.bytes.byteLength;
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

  /** The frames to send again, oldest first. */
  frames(): readonly Frame[] {
    return this.#entries.map((entry) => entry.frame);
  }
}
