import fc from 'fast-check';
import { expect, it } from 'vitest';
import { dataMessage } from '../../../../../local/emulators/web-pubsub/client-protocol/protobuf-codec.ts';
import { decodeProto } from '../../../../support/web-pubsub-proto.ts';

const BINARY_TAG = 0x12;

it('writes what protobufjs reads, whatever the lengths', () => {
  // Around the lengths at which one more byte is needed to say them.
  const length = fc.oneof(fc.nat({ max: 300 }), fc.integer({ min: 16_300, max: 16_500 }));
  const group = fc.option(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 }), { nil: undefined });
  const sequenceId = fc.option(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), { nil: undefined });
  fc.assert(
    fc.property(length, group, sequenceId, (bytes, to, id) => {
      const from = to === undefined ? 'server' : 'group';
      const payload = Buffer.alloc(bytes, 7);
      const written = dataMessage(from, to, BINARY_TAG, payload, id, new Uint8Array(0));
      expect(decodeProto('DownstreamMessage', written)).toEqual({
        data_message: {
          from,
          ...(to === undefined ? {} : { group: to }),
          data: { binary_data: payload.toString('base64') },
          ...(id === undefined ? {} : { sequence_id: id }),
        },
      });
    }),
  );
});
