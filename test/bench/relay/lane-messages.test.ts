import { describe, expect, it } from 'vitest';
import { ack, connected, PONG, readUpstream, serverData } from '../../../bench/relay/lane-messages.ts';
import { protobufProtocol } from '../../../functions/workers/hosts/resident/web-pubsub-protocol.ts';

const protocol = protobufProtocol('reliable');

function parsed(...parts: Buffer[]): unknown {
  return protocol.parseMessages(Buffer.concat(parts));
}

describe('What answers the lanes of a measurement', () => {
  it('reads what the relay writes', () => {
    const audio = Uint8Array.from({ length: 3_212 }, (_, at) => at & 0xff);
    const event = protocol.writeMessage({
      kind: 'sendEvent',
      event: 'echo',
      dataType: 'binary',
      data: audio.buffer,
      ackId: 300,
    });
    const upstream = readUpstream(Buffer.from(event as ArrayBuffer));
    expect(upstream).toMatchObject({ kind: 'audio', ackId: 300 });
    expect(upstream.kind === 'audio' && upstream.packet.equals(audio)).toBe(true);
    const json = protocol.writeMessage({
      kind: 'sendEvent',
      event: 'echo',
      dataType: 'json',
      data: { type: 'call.started' },
      ackId: 1,
    });
    expect(readUpstream(Buffer.from(json as ArrayBuffer))).toEqual({
      kind: 'event',
      text: '{"type":"call.started"}',
      ackId: 1,
    });
    const other = protocol.writeMessage({ kind: 'sequenceAck', sequenceId: 7 });
    expect(readUpstream(Buffer.from(other as ArrayBuffer))).toEqual({ kind: 'other' });
    expect(() => readUpstream(Buffer.from([0x2a, 0x85]))).toThrow(RangeError);
  });

  it('writes what the relay reads', () => {
    const packet = Buffer.alloc(3_212, 7);
    const { head, tail } = serverData(packet.byteLength, 500);
    expect(parsed(head, packet, tail)).toMatchObject({
      kind: 'serverData',
      dataType: 'binary',
      data: new Uint8Array(packet),
      sequenceId: 500,
    });
    expect(parsed(ack(70_000))).toMatchObject({ kind: 'ack', ackId: 70_000, success: true });
    expect(parsed(PONG)).toMatchObject({ kind: 'pong' });
    expect(parsed(connected('a', 'b'))).toMatchObject({ kind: 'connected', connectionId: 'a', userId: 'b' });
  });
});
