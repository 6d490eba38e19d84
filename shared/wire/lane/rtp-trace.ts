/**
 * The trace context of an RTP packet: the span that its audio comes from. It travels as a header extension that every
 * RTP parser skips (RFC 8285, two-byte form, element 1: trace id, span id and flags of W3C Trace Context, 25 bytes).
 * Only packets of a recorded trace carry it.
 */

import type { TraceParent } from '../../base/traceparent.ts';
import { RTP_HEADER_BYTES } from './rtp.ts';

const HAS_EXTENSION = 0x10;
const SOURCES = 0x0f;
/** Profile of the two-byte form, application bits 0 (RFC 8285, section 4.3). */
const PROFILE = 0x1000;
const ELEMENT = 1;
const TRACE_BYTES = 16;
const SPAN_BYTES = 8;
const CONTEXT_BYTES = TRACE_BYTES + SPAN_BYTES + 1;
/** Words of 32 bits: the element's id, its length, the context, and padding. */
const WORDS = Math.ceil((2 + CONTEXT_BYTES) / 4);
const EXTENSION_BYTES = 4 + WORDS * 4;

/** Returns a copy of the packet with the context, or the packet itself when it already has an extension. */
export function writeTrace(packet: Uint8Array<ArrayBuffer>, trace: TraceParent): Uint8Array<ArrayBuffer> {
  const first = packet[0] ?? 0;
  if ((first & HAS_EXTENSION) !== 0) return packet;
  const at = RTP_HEADER_BYTES + (first & SOURCES) * 4;
  const bytes = new Uint8Array(packet.byteLength + EXTENSION_BYTES);
  bytes.set(packet.subarray(0, at));
  bytes.set(packet.subarray(at), at + EXTENSION_BYTES);
  bytes[0] = first | HAS_EXTENSION;
  const view = new DataView(bytes.buffer, at, EXTENSION_BYTES);
  view.setUint16(0, PROFILE);
  view.setUint16(2, WORDS);
  view.setUint8(4, ELEMENT);
  view.setUint8(5, CONTEXT_BYTES);
  const context = bytes.subarray(at + 6);
  context.set(fromHex(trace.traceId));
  context.set(fromHex(trace.spanId), TRACE_BYTES);
  context[TRACE_BYTES + SPAN_BYTES] = trace.flags;
  return bytes;
}

/** The context of a packet; undefined when it has none that this code wrote. */
export function readTrace(packet: Uint8Array): TraceParent | undefined {
  const first = packet[0] ?? 0;
  if ((first & HAS_EXTENSION) === 0) return undefined;
  const at = RTP_HEADER_BYTES + (first & SOURCES) * 4;
  if (packet.byteLength < at + EXTENSION_BYTES) return undefined;
  const view = new DataView(packet.buffer, packet.byteOffset + at, EXTENSION_BYTES);
  if (view.getUint16(0) !== PROFILE || view.getUint8(4) !== ELEMENT || view.getUint8(5) !== CONTEXT_BYTES)
    return undefined;
  const context = packet.subarray(at + 6);
  const traceId = toHex(context.subarray(0, TRACE_BYTES));
  const spanId = toHex(context.subarray(TRACE_BYTES, TRACE_BYTES + SPAN_BYTES));
  if (/^0*$/.test(traceId) || /^0*$/.test(spanId)) return undefined;
  return { traceId, spanId, flags: context[TRACE_BYTES + SPAN_BYTES] ?? 0 };
}

function fromHex(text: string): number[] {
  return (text.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
