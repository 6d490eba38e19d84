import type { RtpPacket } from '../../shared/wire/lane/rtp.ts';

/** How many packets are remembered. */
const REMEMBERED = 64;
/** SSRC, sequence number and timestamp. */
const FIELDS = 3;

/** Recognises an RTP packet that comes twice, among the last ones of a source. Numbers in a row, since it looks through them with every packet. */
export class SeenPackets {
  #fields: Uint32Array | undefined;
  #count = 0;

  /** Whether this packet was asked about before. */
  isRepeated({
    ssrc,
    sequenceNumber,
    timestamp,
  }: Pick<RtpPacket, 'ssrc' | 'sequenceNumber' | 'timestamp'>): boolean {
    this.#fields ??= new Uint32Array(REMEMBERED * FIELDS);
    const fields = this.#fields;
    const end = Math.min(this.#count, REMEMBERED) * FIELDS;
    for (let at = 0; at < end; at += FIELDS) {
      if (fields[at + 2] === timestamp && fields[at + 1] === sequenceNumber && fields[at] === ssrc)
        return true;
    }
    const next = (this.#count % REMEMBERED) * FIELDS;
    fields[next] = ssrc;
    fields[next + 1] = sequenceNumber;
    fields[next + 2] = timestamp;
    this.#count += 1;
    return false;
  }

  forget(): void {
    this.#count = 0;
  }
}
