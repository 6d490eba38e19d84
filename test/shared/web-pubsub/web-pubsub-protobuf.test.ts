import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtobufError } from '../../../shared/web-pubsub/protobuf.ts';
import {
  readDownstream,
  type UpstreamMessage,
  writeUpstream,
} from '../../../shared/web-pubsub/web-pubsub-protobuf.ts';
import { decodeProto, encodeProto } from '../../support/web-pubsub-proto.ts';

const id = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const name = fc.string({ minLength: 1, unit: 'grapheme' });
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

function upstream(message: UpstreamMessage): unknown {
  return decodeProto('UpstreamMessage', writeUpstream(message));
}

describe('what a client writes', () => {
  it('is an event of bytes or text, as protobufjs reads it', () => {
    return fc.assert(
      fc.property(
        name,
        fc.uint8Array({ maxLength: 20_000 }),
        fc.option(id, { nil: undefined }),
        (event, bytes, ackId) => {
          const ack = ackId === undefined ? {} : { ackId };
          const expectedAck = ackId === undefined ? {} : { ack_id: ackId };
          expect(upstream({ kind: 'sendEvent', event, data: { type: 'binary', bytes }, ...ack })).toEqual({
            event_message: { event, data: { binary_data: base64(bytes) }, ...expectedAck },
          });
          const text = base64(bytes);
          expect(upstream({ kind: 'sendEvent', event, data: { type: 'text', text }, ...ack })).toEqual({
            event_message: { event, data: { text_data: text }, ...expectedAck },
          });
        },
      ),
    );
  });

  it('is a group message, a membership, a sequence ack or a ping, as protobufjs reads it', () => {
    return fc.assert(
      fc.property(name, fc.uint8Array(), id, fc.boolean(), (group, bytes, ackId, noEcho) => {
        const data = { type: 'binary', bytes } as const;
        expect(upstream({ kind: 'sendToGroup', group, data, ackId, noEcho })).toEqual({
          send_to_group_message: {
            group,
            ack_id: ackId,
            data: { binary_data: base64(bytes) },
            ...(noEcho ? { no_echo: true } : {}),
          },
        });
        expect(upstream({ kind: 'joinGroup', group, ackId })).toEqual({
          join_group_message: { group, ack_id: ackId },
        });
        expect(upstream({ kind: 'leaveGroup', group })).toEqual({ leave_group_message: { group } });
        expect(upstream({ kind: 'sequenceAck', sequenceId: ackId })).toEqual({
          sequence_ack_message: { sequence_id: ackId },
        });
        expect(upstream({ kind: 'ping' })).toEqual({ ping_message: {} });
      }),
    );
  });
});

describe('what a client reads', () => {
  it('is a data message of any kind of data, as protobufjs writes it', () => {
    const data = fc.oneof(
      fc
        .string({ unit: 'grapheme' })
        .map((text) => ({ proto: { text_data: text }, dataType: 'text', data: text })),
      fc.json().map((json) => ({ proto: { json_data: json }, dataType: 'json', data: json })),
      fc.uint8Array().map((bytes) => ({ proto: { binary_data: bytes }, dataType: 'binary', data: bytes })),
    );
    return fc.assert(
      fc.property(
        data,
        fc.option(id, { nil: undefined }),
        fc.boolean(),
        ({ proto, ...read }, sequenceId, isGroup) => {
          const frame = encodeProto('DownstreamMessage', {
            data_message: {
              from: isGroup ? 'group' : 'server',
              ...(isGroup ? { group: 'g' } : {}),
              data: proto,
              ...(sequenceId === undefined ? {} : { sequence_id: sequenceId }),
              metadata: { key: 'unknown to the reader' },
            },
          });
          expect(readDownstream(frame)).toEqual({
            kind: isGroup ? 'groupData' : 'serverData',
            ...(isGroup ? { group: 'g' } : {}),
            ...read,
            ...(sequenceId === undefined ? {} : { sequenceId }),
          });
        },
      ),
    );
  });

  it('has no sequence id where the service wrote none, so that the client drops nothing', () => {
    const frame = encodeProto('DownstreamMessage', {
      data_message: { from: 'server', data: { text_data: 'x' } },
    });
    expect(readDownstream(frame)).not.toHaveProperty('sequenceId');
  });

  it('gives audio as a view of the frame, not a copy', () => {
    const frame = encodeProto('DownstreamMessage', {
      data_message: { from: 'server', data: { binary_data: new Uint8Array([1, 2, 3]) } },
    });
    const message = readDownstream(frame);
    const bytes = message?.kind === 'serverData' && message.dataType === 'binary' ? message.data : undefined;
    expect(bytes?.buffer).toBe(frame.buffer);
    expect([...(bytes ?? [])]).toEqual([1, 2, 3]);
  });

  it('is an ack with or without error, a system message or a pong', () => {
    const read = (message: object): unknown => readDownstream(encodeProto('DownstreamMessage', message));
    expect(read({ ack_message: { ack_id: 7, success: true } })).toEqual({
      kind: 'ack',
      ackId: 7,
      success: true,
    });
    expect(read({ ack_message: { ack_id: 2 ** 40, error: { name: 'Duplicate', message: 'm' } } })).toEqual({
      kind: 'ack',
      ackId: 2 ** 40,
      success: false,
      error: { name: 'Duplicate', message: 'm' },
    });
    const connected = { connection_id: 'c', user_id: 'u', reconnection_token: 't' };
    expect(read({ system_message: { connected_message: connected } })).toEqual({
      kind: 'connected',
      connectionId: 'c',
      userId: 'u',
      reconnectionToken: 't',
    });
    expect(read({ system_message: { disconnected_message: { reason: 'r' } } })).toEqual({
      kind: 'disconnected',
      message: 'r',
    });
    expect(read({ pong_message: {} })).toEqual({ kind: 'pong' });
  });

  it('is nothing for a kind of message that came later than this version', () => {
    expect(readDownstream(Uint8Array.of(15 * 8 + 2, 2, 1, 2))).toBeUndefined();
    expect(readDownstream(new Uint8Array(0))).toBeUndefined();
  });

  it('throws one kind of error whatever the bytes are', () => {
    return fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          readDownstream(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtobufError);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('is refused at every length at which it is cut off', () => {
    const frame = encodeProto('DownstreamMessage', {
      data_message: { from: 'group', group: 'g', data: { text_data: 'ü' }, sequence_id: 300 },
    });
    for (let length = 1; length < frame.length; length += 1) {
      expect(() => readDownstream(frame.subarray(0, length)), `${length} bytes`).toThrow();
    }
  });
});
