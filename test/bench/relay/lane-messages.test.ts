import { describe, expect, it } from 'vitest';
import { ack, connected, PONG, readUpstream, serverData } from '../../../bench/relay/lane-messages.ts';
import {
  readDownstream,
  type UpstreamMessage,
  writeUpstream,
} from '../../../shared/web-pubsub/web-pubsub-protobuf.ts';

/** A copy: the codec uses its memory again. */
function written(message: UpstreamMessage): Buffer {
  return Buffer.from(writeUpstream(message));
}

function parsed(...parts: Buffer[]): unknown {
  return readDownstream(Uint8Array.from(Buffer.concat(parts)));
}

describe('What answers the lanes of a measurement', () => {
  it('reads what the relay writes', () => {
    const audio = Uint8Array.from({ length: 3_212 }, (_, at) => at & 0xff);
    const data = { type: 'binary', bytes: audio } as const;
    const upstream = readUpstream(written({ kind: 'sendEvent', event: 'echo', data, ackId: 300 }));
    expect(upstream).toMatchObject({ kind: 'audio', ackId: 300 });
    expect(upstream.kind === 'audio' && upstream.packet.equals(audio)).toBe(true);
    const json = { type: 'text', text: '{"type":"call.started"}' } as const;
    expect(readUpstream(written({ kind: 'sendEvent', event: 'echo', data: json, ackId: 1 }))).toEqual({
      kind: 'event',
      text: '{"type":"call.started"}',
      ackId: 1,
    });
    expect(readUpstream(written({ kind: 'sequenceAck', sequenceId: 7 }))).toEqual({ kind: 'other' });
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
