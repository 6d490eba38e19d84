import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonCodec } from '../../../../../local/emulators/web-pubsub/client-protocol/json-codec.ts';
import { decodeBase64 } from '../../../../../local/emulators/web-pubsub/client-protocol/json-request.ts';
import { rawMember } from '../../../../../local/emulators/web-pubsub/client-protocol/raw-member.ts';
import {
  type ClientRequest,
  ProtocolViolation,
} from '../../../../../local/emulators/web-pubsub/hub/client-codec.ts';

const codec = new JsonCodec('json.webpubsub.azure.v1', false);

function parse(message: unknown): ClientRequest {
  const text = typeof message === 'string' ? message : JSON.stringify(message);
  return codec.parse({ bytes: Buffer.from(text), binary: false });
}

describe('the raw text of a member', () => {
  it('is what was written, wherever the member stands and whatever surrounds it', () => {
    const space = fc.constantFrom('', ' ', '\n\t', '\r\n  ');
    const member = fc.tuple(fc.string(), fc.json());
    fc.assert(
      fc.property(fc.array(member), fc.json(), fc.array(member), space, (before, data, after, gap) => {
        const written = [...before, ['data', data] as const, ...after.filter(([name]) => name !== 'data')];
        const members = written.map(
          ([name, value]) => `${gap}${JSON.stringify(name)}${gap}:${gap}${value}${gap}`,
        );
        expect(rawMember(`${gap}{${members.join(',')}}${gap}`, 'data')).toBe(data);
      }),
    );
  });

  it('is found under an escaped name, is the last of several, and is undefined when there is none', () => {
    expect(rawMember('{"d\\u0061ta":1,"data":2}', 'data')).toBe('2');
    expect(rawMember('{"data":1,"d\\u0061ta":2}', 'data')).toBe('2');
    expect(rawMember('{"a":{"data":1}}', 'data')).toBeUndefined();
    expect(rawMember('{}', 'data')).toBeUndefined();
  });
});

describe('base64', () => {
  it('decodes what Buffer encodes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(decodeBase64(Buffer.from(bytes).toString('base64'))).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it.each(['a', 'ab', 'abc', 'ab=', 'a-_=', 'ab c', 'YQ==YQ==', '====', 'a===', 'YWJj\n', 'YWäj'])(
    'refuses %j',
    (text) => {
      expect(decodeBase64(text)).toBeUndefined();
    },
  );
});

it('carries any payload through: what one client sends, another reads', () => {
  const payload = fc.oneof(
    fc.record({ dataType: fc.constant('text' as const), data: fc.string({ unit: 'grapheme' }) }),
    fc.record({
      dataType: fc.constant('json' as const),
      data: fc.jsonValue().filter((value) => value !== null),
    }),
    fc.record({
      dataType: fc.constant('binary' as const),
      data: fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('base64')),
    }),
  );
  fc.assert(
    fc.property(payload, fc.option(fc.nat(), { nil: undefined }), ({ dataType, data }, sequenceId) => {
      const request = parse({ type: 'sendToGroup', group: 'g"\\', dataType, data });
      if (request.type !== 'sendToGroup') throw new Error(`read as ${request.type}`);
      const prepared = codec.prepare({ from: 'group', group: request.group, fromUserId: 'ü' }, request.data);
      const text = Buffer.from(prepared.frame(sequenceId).bytes).toString();
      const written = { type: 'message', from: 'group', group: 'g"\\', fromUserId: 'ü', dataType, data };
      const expected: unknown = JSON.parse(
        JSON.stringify(sequenceId === undefined ? written : { ...written, sequenceId }),
      );
      expect(JSON.parse(text)).toEqual(expected);
    }),
  );
});

it('answers any text with a request or a protocol violation, never with another error', () => {
  const nearly = fc.record(
    {
      type: fc.constantFrom('joinGroup', 'sendToGroup', 'event', 'sequenceAck', 'ping', 'leaveGroup', 'x'),
      group: fc.oneof(fc.string(), fc.jsonValue()),
      event: fc.jsonValue(),
      ackId: fc.jsonValue(),
      dataType: fc.oneof(fc.constantFrom('text', 'json', 'binary', 'BINARY'), fc.jsonValue()),
      data: fc.jsonValue(),
      metadata: fc.jsonValue(),
      noEcho: fc.jsonValue(),
      ttlSeconds: fc.jsonValue(),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(nearly, fc.string(), fc.json()), (message) => {
      try {
        parse(message);
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolViolation);
      }
    }),
  );
});

describe('metadata', () => {
  const send = (metadata: unknown): (() => ClientRequest) => {
    return () => parse({ type: 'sendToGroup', group: 'g', data: 1, metadata });
  };

  it('may stand without data, which is then an empty text', () => {
    expect(parse({ type: 'event', event: 'e', metadata: { a: 'b' } })).toMatchObject({
      data: { payload: { dataType: 'text', text: '' }, metadata: { a: 'b' } },
    });
  });

  it('is held to its limits', () => {
    expect(send({ ['k'.repeat(256)]: 'v'.repeat(1_024) })).not.toThrow();
    expect(send({ ['k'.repeat(257)]: 'v' })).toThrow('longer than 256 bytes');
    expect(send({ k: 'v'.repeat(1_025) })).toThrow('longer than 1024 bytes');
    expect(
      send(Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`${i}`, 'v'.repeat(1_000)]))),
    ).toThrow('8192 bytes');
    expect(send({ 'a b': 'v' })).toThrow('HTTP header names');
    expect(send({ k: 'ü' })).toThrow('HTTP header values');
    expect(send({ k: 1 })).toThrow('must be a string');
    expect(send([])).toThrow('must be a JSON object');
  });
});
