/**
 * RTP packets (RFC 3550, section 5.1) as the envelope of audio between relay and workers. It writes what the lanes
 * use: version 2, no padding, no header extension, no contributing sources. It reads all of these.
 */
import type { AudioFormat } from '../../audio/audio-format.ts';

export const RTP_HEADER_BYTES = 12;

/** Payload types of the lanes (dynamic range of RFC 3551). The payload is PCM16 *little-endian*, unlike L16 there. */
export const PAYLOAD_TYPE: Readonly<Record<AudioFormat, number>> = { pcm16KMono: 96, pcm24KMono: 97 };

/** PCMU at 8,000 samples a second, a byte each (RFC 3551). Its timestamps count these samples. */
export const PCMU_PAYLOAD_TYPE = 0;

export interface RtpPacket {
  readonly payloadType: number;
  /** First packet of a talkspurt, or after a gap. */
  readonly marker: boolean;
  /** 16 bits, one more with each packet of an SSRC. */
  readonly sequenceNumber: number;
  /** 32 bits, in samples since the stream's start. */
  readonly timestamp: number;
  /** 32 bits. Towards a worker: the participant's number (0 when mixed). Towards the call: the turn. */
  readonly ssrc: number;
  readonly payload: Uint8Array;
}

export class RtpError extends Error {
  override readonly name = 'RtpError';
}

/**
 * Writes a packet. Numbers wider than their field are cut, since RFC 3550 lets sequence numbers and timestamps wrap.
 */
export function formatRtp(packet: RtpPacket): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(RTP_HEADER_BYTES + packet.payload.byteLength);
  writeHeader(bytes, packet);
  bytes.set(packet.payload, RTP_HEADER_BYTES);
  return bytes;
}

/**
 * Writes the packet around its payload, without a copy: the header replaces the bytes before it.
 * @throws RangeError when the buffer has no room for the header before the payload
 */
export function formatRtpInPlace(
  packet: RtpPacket & { readonly payload: Uint8Array<ArrayBuffer> },
): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = packet.payload;
  const bytes = new Uint8Array(buffer, byteOffset - RTP_HEADER_BYTES, RTP_HEADER_BYTES + byteLength);
  writeHeader(bytes, packet);
  return bytes;
}

function writeHeader(bytes: Uint8Array, packet: RtpPacket): void {
  const { payloadType, marker, sequenceNumber, timestamp, ssrc } = packet;
  bytes[0] = 0x80;
  bytes[1] = (marker ? 0x80 : 0) | (payloadType & 0x7f);
  bytes[2] = sequenceNumber >>> 8;
  bytes[3] = sequenceNumber;
  bytes[4] = timestamp >>> 24;
  bytes[5] = timestamp >>> 16;
  bytes[6] = timestamp >>> 8;
  bytes[7] = timestamp;
  bytes[8] = ssrc >>> 24;
  bytes[9] = ssrc >>> 16;
  bytes[10] = ssrc >>> 8;
  bytes[11] = ssrc;
}

/**
 * Reads a packet; the payload is a view into `bytes`, not a copy.
 * @throws RtpError when the bytes are not an RTP packet: too short, another version, or a length that does not fit
 */
export function parseRtp(bytes: Uint8Array): RtpPacket {
  if (bytes.byteLength < RTP_HEADER_BYTES) {
    throw new RtpError(
      `an RTP packet has at least ${RTP_HEADER_BYTES} bytes, this one has ${bytes.byteLength}`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const first = view.getUint8(0);
  const version = first >> 6;
  if (version !== 2) throw new RtpError(`the RTP version must be 2, this packet says ${version}`);
  let start = RTP_HEADER_BYTES + (first & 0x0f) * 4;
  if ((first & 0x10) !== 0) {
    if (start + 4 > bytes.byteLength) throw new RtpError('the RTP header extension is cut off');
    start += 4 + view.getUint16(start + 2) * 4;
  }
  const padding = (first & 0x20) !== 0 ? view.getUint8(bytes.byteLength - 1) : 0;
  const end = bytes.byteLength - padding;
  if (start > end) throw new RtpError('the RTP header and padding are longer than the packet');
  const second = view.getUint8(1);
  return {
    payloadType: second & 0x7f,
    marker: (second & 0x80) !== 0,
    sequenceNumber: view.getUint16(2),
    timestamp: view.getUint32(4),
    ssrc: view.getUint32(8),
    payload: bytes.subarray(start, end),
  };
}
