import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonCodec } from '../../../../../local/emulators/web-pubsub/client-protocol/json-codec.ts';
import { ProtobufCodec } from '../../../../../local/emulators/web-pubsub/client-protocol/protobuf-codec.ts';
import {
  type ClientRequest,
  ProtocolViolation,
} from '../../../../../local/emulators/web-pubsub/hub/client-codec.ts';
import type { MessageData } from '../../../../../local/emulators/web-pubsub/hub/payload.ts';
import { decodeProto, encodeProto } from '../../../../support/web-pubsub-proto.ts';

const codec = new ProtobufCodec('protobuf.webpubsub.azure.v1', false, 'text');
const json = new JsonCodec('json.webpubsub.azure.v1', false);
const ANY = encodeProto('Any', { type_url: 'type.example/Thing', value: new Uint8Array([8, 1]) });
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

function parse(message: object): ClientRequest {
  return codec.parse({ bytes: encodeProto('UpstreamMessage', message), binary: true });
}

function written(data: MessageData, sequenceId?: number, by = codec): unknown {
  const origin = { from: 'group', group: 'g', fromUserId: 'nobody sees this' } as const;
  return decodeProto('DownstreamMessage', by.prepare(origin, data).frame(sequenceId).bytes);
}

function violation(bytes: Uint8Array, binary = true): ProtocolViolation {
  try {
    codec.parse({ bytes, binary });
  } catch (error) {
    if (error instanceof ProtocolViolation) return error;
    throw error;
  }
  throw new Error('the frame was accepted');
}

describe('requests in protobuf', () => {
  it('are read as protobufjs writes them, with any payload', () => {
    const data = fc.oneof(
      fc
        .string({ unit: 'grapheme' })
        .map((text) => [{ text_data: text }, { dataType: 'text', text }] as const),
      fc.json().map((text) => [{ json_data: text }, { dataType: 'json', json: text }] as const),
      fc.uint8Array().map((bytes) => [{ binary_data: bytes }, { dataType: 'binary', bytes }] as const),
    );
    const group = fc
      .string({ minLength: 1, maxLength: 20, unit: 'grapheme' })
      .filter((name) => /\S/.test(name));
    return fc.assert(
      fc.property(data, group, fc.nat(), fc.boolean(), ([proto, payload], name, ackId, noEcho) => {
        const bytes = 'bytes' in payload ? { ...payload, bytes: expect.anything() } : payload;
        const sent = parse({
          send_to_group_message: { group: name, ack_id: ackId, data: proto, no_echo: noEcho },
        });
        expect(sent).toEqual({ type: 'sendToGroup', group: name, ackId, noEcho, data: { payload: bytes } });
        if (sent.type === 'sendToGroup' && sent.data.payload.dataType === 'binary' && 'bytes' in payload) {
          expect(base64(sent.data.payload.bytes)).toBe(base64(payload.bytes));
        }
        const event = parse({ event_message: { event: 'e', data: proto } });
        expect(event).toMatchObject({ type: 'event', event: 'e', data: { payload: bytes } });
        expect(event, 'no ack id means no ack').not.toHaveProperty('ackId');
      }),
    );
  });

  it('have ack ids of 64 bits', () => {
    // 2^64 - 1 as a varint.
    const largest = [0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    const join = Uint8Array.of(6 * 8 + 2, 3 + largest.length, 0x0a, 1, 0x67, ...largest);
    expect(codec.parse({ bytes: join, binary: true })).toEqual({
      type: 'joinGroup',
      group: 'g',
      ackId: 2n ** 64n - 1n,
    });
  });

  it('are memberships, sequence acks and pings', () => {
    expect(parse({ join_group_message: { group: 'g', ack_id: 0 } })).toEqual({
      type: 'joinGroup',
      group: 'g',
      ackId: 0,
    });
    expect(parse({ leave_group_message: { group: 'g' } })).toEqual({ type: 'leaveGroup', group: 'g' });
    expect(parse({ sequence_ack_message: { sequence_id: 300 } })).toEqual({
      type: 'sequenceAck',
      sequenceId: 300,
    });
    expect(parse({ ping_message: {} })).toEqual({ type: 'ping' });
  });

  it('carry metadata and an Any', () => {
    const any = { type_url: 'type.example/Thing', value: new Uint8Array([8, 1]) };
    expect(
      parse({ event_message: { event: 'e', data: { protobuf_data: any }, metadata: { a: '1', b: '' } } }),
    ).toEqual({
      type: 'event',
      event: 'e',
      data: { payload: { dataType: 'protobuf', bytes: ANY }, metadata: { a: '1', b: '' } },
    });
  });

  it.each([
    ['an empty frame', new Uint8Array(0), 'empty'],
    ['bytes that are no protobuf', new Uint8Array([0xff, 0xff]), 'not protobuf'],
    ['a kind of message that is not known', new Uint8Array([12 * 8 + 2, 0]), 'unknown message 12'],
    ['an event without data', encodeProto('UpstreamMessage', { event_message: { event: 'e' } }), "'data'"],
    [
      'an event without a name',
      encodeProto('UpstreamMessage', { event_message: { data: { text_data: '' } } }),
      'event name',
    ],
    ['a group without a name', encodeProto('UpstreamMessage', { join_group_message: {} }), 'group name'],
    [
      'JSON that is none',
      encodeProto('UpstreamMessage', { event_message: { event: 'e', data: { json_data: '{' } } }),
      'JSON',
    ],
    [
      'a time to live beyond the bound',
      encodeProto('UpstreamMessage', {
        send_to_group_message: { group: 'g', data: { text_data: '' }, ttl_seconds: 301 },
      }),
      'ttl_seconds',
    ],
    [
      'a stream',
      encodeProto('UpstreamMessage', { send_to_group_message: { group: 'g', stream: { stream_id: 's' } } }),
      'not supported',
    ],
    ['a text that is not UTF-8', new Uint8Array([6 * 8 + 2, 3, 0x0a, 1, 0xff]), 'UTF-8'],
  ])('close the connection with 1007 for %s', (_what, bytes, words) => {
    const error = violation(bytes);
    expect(error.closeCode).toBe(1007);
    expect(error.message).toContain(words);
  });

  it('close the connection with 1003 for a text frame', () => {
    expect(violation(Buffer.from('{"type":"ping"}'), false).closeCode).toBe(1003);
  });

  it('break one rule at a time, whatever the bytes are', () => {
    return fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          codec.parse({ bytes, binary: true });
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolViolation);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('messages in protobuf', () => {
  const read = (frame: { bytes: Uint8Array; binary: boolean }): unknown => {
    expect(frame.binary).toBe(true);
    return decodeProto('DownstreamMessage', frame.bytes);
  };

  it('are system messages, acks and pongs as protobufjs reads them', () => {
    expect(read(codec.connected('c', 'u', 't'))).toEqual({
      system_message: { connected_message: { connection_id: 'c', user_id: 'u', reconnection_token: 't' } },
    });
    expect(read(codec.connected('c', undefined, undefined))).toEqual({
      system_message: { connected_message: { connection_id: 'c' } },
    });
    expect(read(codec.disconnected('why'))).toEqual({
      system_message: { disconnected_message: { reason: 'why' } },
    });
    expect(read(codec.ack(300))).toEqual({ ack_message: { ack_id: 300, success: true } });
    expect(read(codec.ack(2n ** 40n, { name: 'Forbidden', message: 'm' }))).toEqual({
      ack_message: { ack_id: 2 ** 40, error: { name: 'Forbidden', message: 'm' } },
    });
    expect(read(codec.pong())).toEqual({ pong_message: {} });
  });

  it('have a sequence id exactly where one is given, and never a user', () => {
    const data = { payload: { dataType: 'text', text: '' } } as const;
    const message = { from: 'group', group: 'g', data: { text_data: '' } };
    expect(written(data)).toEqual({ data_message: message });
    expect(written(data, 1)).toEqual({ data_message: { ...message, sequence_id: 1 } });
    expect(written({ ...data, metadata: { k: 'v' } }, 9)).toEqual({
      data_message: { ...message, sequence_id: 9, metadata: { k: 'v' } },
    });
  });

  it('carry JSON as text or in its own field, by the setting', () => {
    const data = { payload: { dataType: 'json', json: '{"a":1}' } } as const;
    expect(written(data)).toMatchObject({ data_message: { data: { text_data: '{"a":1}' } } });
    const newer = new ProtobufCodec('protobuf.webpubsub.azure.v1', false, 'json');
    expect(written(data, undefined, newer)).toMatchObject({
      data_message: { data: { json_data: '{"a":1}' } },
    });
  });
});

describe('between the protocols', () => {
  it('bytes and an Any of a JSON client reach a protobuf client, and the other way round', () => {
    const ofJson = (dataType: string, data: string): MessageData => {
      const text = JSON.stringify({ type: 'sendToGroup', group: 'g', dataType, data });
      const request = json.parse({ bytes: Buffer.from(text), binary: false });
      if (request.type !== 'sendToGroup') throw new Error(`read as ${request.type}`);
      return request.data;
    };
    expect(written(ofJson('binary', 'AQI='))).toMatchObject({
      data_message: { data: { binary_data: 'AQI=' } },
    });
    const request = parse({
      send_to_group_message: {
        group: 'g',
        data: { protobuf_data: { type_url: 'type.example/Thing', value: new Uint8Array([8, 1]) } },
      },
    });
    if (request.type !== 'sendToGroup') throw new Error(`read as ${request.type}`);
    const frame = json.prepare({ from: 'group', group: 'g' }, request.data).frame();
    expect(JSON.parse(Buffer.from(frame.bytes).toString())).toMatchObject({
      dataType: 'protobuf',
      data: base64(ANY),
    });
  });

  it('refuses protobuf data of a JSON client', () => {
    const text = JSON.stringify({ type: 'sendToGroup', group: 'g', dataType: 'protobuf', data: base64(ANY) });
    expect(() => json.parse({ bytes: Buffer.from(text), binary: false })).toThrow(/json, text or binary/);
  });
});
