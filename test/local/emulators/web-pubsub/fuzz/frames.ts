import type { Random } from '../../../../../local/emulators/common/random.ts';
import type { Frame } from '../../../../../local/emulators/web-pubsub/hub/client-codec.ts';
import { encodeProto } from '../../../../support/web-pubsub-proto.ts';
import { below, mutate, pick, randomBytes } from './mutate.ts';

const GROUPS = ['g', 'room.1', '', ' ', 'x'.repeat(1025), 'ünïcode'];
const NUMBERS: readonly unknown[] = [0, 1, 2, 300, -1, 1.5, 2 ** 53, 1e300, '1', null, true, {}, []];
const TEXTS: readonly unknown[] = ['', 'text', 'AAEC', 'not base64!', 5, null, { a: 1 }, ['x']];
const TYPES = [
  'joinGroup',
  'leaveGroup',
  'sendToGroup',
  'event',
  'sequenceAck',
  'ping',
  'PING',
  'invoke',
  'streamData',
  'setGroupState',
  'dance',
  7,
];

/** A message as a client of the JSON subprotocols could have written it, most members right and some wrong. */
export function jsonMessage(random: Random): Buffer {
  const message: Record<string, unknown> = { type: pick(random, TYPES) };
  const maybe = (name: string, share: number, values: readonly unknown[]): void => {
    if (random.fraction() < share) message[name] = pick(random, values);
  };
  maybe('group', 0.8, GROUPS);
  maybe('event', 0.4, ['e', '', 'naïve', 3]);
  maybe('ackId', 0.6, [1, 2, 3, ...NUMBERS]);
  maybe('sequenceId', 0.3, NUMBERS);
  maybe('dataType', 0.6, ['text', 'json', 'binary', 'protobuf', 'JSON', 'xml', 1]);
  maybe('data', 0.8, TEXTS);
  maybe('noEcho', 0.2, [true, false, 'true']);
  maybe('ttlSeconds', 0.2, NUMBERS);
  maybe('metadata', 0.2, [{ k: 'v' }, { 'b a d': 'v' }, { k: 1 }, [], 'x', { k: 'v'.repeat(2_000) }]);
  maybe('stream', 0.05, [{ streamId: 's' }]);
  return Buffer.from(JSON.stringify(message));
}

/** A message as a client of the protobuf subprotocols could have written it. */
export function protobufMessage(random: Random): Buffer {
  const group = pick(random, GROUPS);
  const ackId = below(random, 4);
  const data = pick(random, [
    { text_data: 'text' },
    { binary_data: randomBytes(random, 8) },
    { json_data: '{"a":1}' },
    { json_data: '{' },
    { protobuf_data: { type_url: 't', value: Buffer.from('v') } },
    {},
  ]);
  const metadata = pick(random, [{}, { k: 'v' }, { 'b a d': 'v' }]);
  const message = pick(random, [
    { join_group_message: { group, ack_id: ackId } },
    { leave_group_message: { group } },
    {
      send_to_group_message: {
        group,
        ack_id: ackId,
        data,
        metadata,
        no_echo: true,
        ttl_seconds: below(random, 400),
      },
    },
    { send_to_group_message: { group, data, stream: { stream_id: 's' } } },
    { event_message: { event: pick(random, ['e', '']), data, ack_id: ackId } },
    { sequence_ack_message: { sequence_id: below(random, 10) } },
    { ping_message: {} },
    {},
  ]);
  return Buffer.from(encodeProto('UpstreamMessage', message));
}

/** A frame by chance: written well, written well and damaged, or noise; now and then of the wrong kind. */
export function randomFrame(random: Random, binarySubprotocol: boolean): Frame {
  const source = random.fraction();
  const message = binarySubprotocol ? protobufMessage(random) : jsonMessage(random);
  const bytes =
    source < 0.4 ? message : source < 0.9 ? mutate(random, message) : randomBytes(random, below(random, 64));
  const binary = random.fraction() < 0.03 ? !binarySubprotocol : binarySubprotocol;
  return { bytes, binary };
}
