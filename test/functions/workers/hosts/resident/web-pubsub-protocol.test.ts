import type { WebPubSubMessage } from '@azure/web-pubsub-client';
import { describe, expect, it, vi } from 'vitest';
import { protobufProtocol } from '../../../../../functions/workers/hosts/resident/web-pubsub-protocol.ts';
import { decodeProto, encodeProto } from '../../../../support/web-pubsub-proto.ts';

function protocol() {
  const hooks = { connected: vi.fn(), unreadable: vi.fn() };
  return { ...hooks, ...protobufProtocol('reliable', hooks) };
}

function written(message: WebPubSubMessage): unknown {
  const bytes = protocol().writeMessage(message);
  if (typeof bytes === 'string') throw new Error('a protobuf message is binary');
  return decodeProto('UpstreamMessage', new Uint8Array(bytes));
}

describe('a protobuf subprotocol of the official client', () => {
  it('is one of the two of the service by name', () => {
    expect(protobufProtocol('reliable')).toMatchObject({
      name: 'protobuf.reliable.webpubsub.azure.v1',
      isReliableSubProtocol: true,
    });
    expect(protobufProtocol('plain')).toMatchObject({
      name: 'protobuf.webpubsub.azure.v1',
      isReliableSubProtocol: false,
    });
  });

  it('writes audio from a view or a buffer, and JSON as text, which every version of the service knows', () => {
    const event = { kind: 'sendEvent', event: 'echo', ackId: 3 } as const;
    const bytes = new Uint8Array([9, 1, 2, 9]).subarray(1, 3);
    const audio = { event_message: { event: 'echo', ack_id: 3, data: { binary_data: 'AQI=' } } };
    expect(written({ ...event, dataType: 'binary', data: bytes })).toEqual(audio);
    expect(written({ ...event, dataType: 'binary', data: Uint8Array.from(bytes).buffer })).toEqual(audio);
    expect(written({ ...event, dataType: 'json', data: { type: 'dtmf' } })).toEqual({
      event_message: { event: 'echo', ack_id: 3, data: { text_data: '{"type":"dtmf"}' } },
    });
  });

  it('refuses to write what it has no message for', () => {
    const stream = { kind: 'sendToGroup', group: 'g', noEcho: true, stream: { streamId: 's' } } as const;
    expect(() => written(stream)).toThrow('not supported');
    expect(() => written({ kind: 'streamEnd', streamId: 's' })).toThrow('not supported');
    expect(() => written({ kind: 'sendEvent', event: 'e', dataType: 'binary', data: 'text' })).toThrow(
      'Uint8Array',
    );
  });

  it('says when the service has connected it, before the client learns of it', () => {
    const { parseMessages, connected } = protocol();
    const system_message = {
      connected_message: { connection_id: 'c', user_id: 'u', reconnection_token: 't' },
    };
    const frame = encodeProto('DownstreamMessage', { system_message });
    expect(parseMessages(frame.buffer)).toMatchObject({ kind: 'connected', reconnectionToken: 't' });
    expect(connected).toHaveBeenCalledOnce();
  });

  it('ignores what it cannot read instead of throwing into the socket', () => {
    const { parseMessages, unreadable } = protocol();
    const frames = ['', '{"type":"pong"}', Uint8Array.of(0xff).buffer, Uint8Array.of(0x12, 0).buffer];
    for (const frame of frames) expect(parseMessages(frame)).toBeNull();
    expect(unreadable).toHaveBeenCalledTimes(frames.length);
  });
});
