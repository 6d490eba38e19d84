/**
 * What the lane echo of the measurements knows of `protobuf.reliable.webpubsub.azure.v1`: events, pings and
 * acknowledgements of a client, and the answers to them. Nothing here is taken from the product.
 */

const EVENT = 5;
const PING = 9;

export type LaneUpstream =
  | { readonly kind: 'audio'; readonly packet: Buffer; readonly ackId: number }
  | { readonly kind: 'event'; readonly text: string; readonly ackId: number }
  | { readonly kind: 'ping' }
  | { readonly kind: 'other' };

/** @throws RangeError when the message is cut off */
export function readUpstream(message: Buffer): LaneUpstream {
  const [body] = fieldsOf(message);
  if (body?.number === PING) return { kind: 'ping' };
  if (body?.number !== EVENT || body.bytes === undefined) return { kind: 'other' };
  let data: Field | undefined;
  let ackId = 0;
  for (const field of fieldsOf(body.bytes)) {
    if (field.number === 2 && field.bytes !== undefined) [data] = fieldsOf(field.bytes);
    if (field.number === 3) ackId = field.value;
  }
  if (data?.bytes === undefined) return { kind: 'other' };
  return data.number === 2
    ? { kind: 'audio', packet: data.bytes, ackId }
    : { kind: 'event', text: data.bytes.toString('utf8'), ackId };
}

interface Field {
  readonly number: number;
  /** Of a field of the wire type 0. */
  readonly value: number;
  /** Of a field of the wire type 2. */
  readonly bytes: Buffer | undefined;
}

function fieldsOf(message: Buffer): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = message[at];
      if (byte === undefined) throw new RangeError('a message of a lane is cut off');
      at += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.byteLength) {
    const tag = varint();
    const value = varint();
    const isBytes = (tag & 7) === 2;
    fields.push({ number: tag >> 3, value, bytes: isBytes ? message.subarray(at, at + value) : undefined });
    if (isBytes) at += value;
  }
  return fields;
}

/** The message of a server with this audio, up to the audio itself; `sequenceId` follows the audio. */
export function serverData(audioBytes: number, sequenceId: number): { head: Buffer; tail: Buffer } {
  const tail = Buffer.from([0x20, ...varintOf(sequenceId)]);
  const from = [0x0a, 6, ...Buffer.from('server')];
  const data = [0x12, ...varintOf(audioBytes)];
  const inner = [...from, 0x1a, ...varintOf(data.length + audioBytes), ...data];
  return { head: Buffer.from([0x12, ...varintOf(inner.length + audioBytes + tail.length), ...inner]), tail };
}

export function ack(ackId: number): Buffer {
  const body = [0x08, ...varintOf(ackId), 0x10, 1];
  return Buffer.from([0x0a, body.length, ...body]);
}

export const PONG = Buffer.from([0x22, 0]);

export function connected(connectionId: string, userId: string): Buffer {
  const text = (field: number, value: string): number[] => [
    field * 8 + 2,
    value.length,
    ...Buffer.from(value),
  ];
  const body = [...text(1, connectionId), ...text(2, userId), ...text(3, 'a-token-for-recovery')];
  const system = [0x0a, ...varintOf(body.length), ...body];
  return Buffer.from([0x1a, ...varintOf(system.length), ...system]);
}

function varintOf(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return [...bytes, rest];
}
