/**
 * What a worker says at length, in RTP, always in the turn that the call has come to. Nothing here is taken from the
 * product.
 */
import { WORKER_SPEECH_MS } from './barge-in-script.ts';

const RTP_BYTES = 12;
/** At 16 kHz. */
const BYTES_PER_MS = 32;
const PCM16_16K = 96;

export class WorkerSpeech {
  #turn = 0;
  #sequenceNumber = 0;

  /** An event of the relay. */
  hear(text: string): void {
    const { type, turn } = JSON.parse(text) as { type?: string; turn?: number };
    if ((type === 'call.started' || type === 'interrupted') && turn !== undefined) this.#turn = turn;
  }

  /** The next thing to say. */
  packet(): Buffer {
    const packet = Buffer.alloc(RTP_BYTES + WORKER_SPEECH_MS * BYTES_PER_MS);
    packet[0] = 0x80;
    packet[1] = 0x80 | PCM16_16K;
    packet.writeUInt16BE(this.#sequenceNumber & 0xffff, 2);
    packet.writeUInt32BE(this.#turn, 8);
    this.#sequenceNumber += 1;
    return packet;
  }
}
