import { StreamingData } from '@azure/communication-call-automation';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAudioData, formatStopAudio, parseMediaFrame } from '../../shared/protocol/acs-media.ts';

/** Messages of the tests and pages of the official SDKs, and what they mean. */
const VECTORS: readonly { source: string; message: unknown; expected: unknown }[] = [
  {
    source: 'JavaScript SDK, metadata',
    message: {
      kind: 'AudioMetadata',
      audioMetadata: {
        subscriptionId: '4af370df-3868-461f-8242-91f077a6f8a6',
        encoding: 'PCM',
        sampleRate: 16000,
        channels: 1,
        length: 640,
      },
    },
    expected: {
      kind: 'audioMetadata',
      subscriptionId: '4af370df-3868-461f-8242-91f077a6f8a6',
      encoding: 'PCM',
      sampleRateHz: 16_000,
      channels: 1,
      frameBytes: 640,
    },
  },
  {
    source: 'JavaScript SDK, audio (the data is a placeholder)',
    message: {
      kind: 'AudioData',
      audioData: {
        timestamp: '2024-05-30T06:25:02.948Z',
        data: 'test',
        silent: false,
        participantRawID: '28:6b45c5b6-1c34-47c0-8980-11e98d47d23f',
      },
    },
    expected: {
      kind: 'audioData',
      data: Buffer.from([0xb5, 0xeb, 0x2d]),
      timestampMs: Date.UTC(2024, 4, 30, 6, 25, 2, 948),
      participantRawId: '28:6b45c5b6-1c34-47c0-8980-11e98d47d23f',
      silent: false,
    },
  },
  {
    source: '.NET SDK, audio',
    message: {
      kind: 'AudioData',
      audioData: {
        data: 'AQIDBAU=',
        timestamp: '2022-08-23T11:48:05Z',
        participantRawID: 'participantId',
        silent: false,
      },
    },
    expected: {
      kind: 'audioData',
      data: Buffer.from([1, 2, 3, 4, 5]),
      timestampMs: Date.UTC(2022, 7, 23, 11, 48, 5),
      participantRawId: 'participantId',
      silent: false,
    },
  },
  {
    source: 'Java SDK, audio of a mixed stream',
    message: { kind: 'AudioData', audioData: { timestamp: '2022-10-03T19:16:12.925Z', data: 'AQIDBAU=' } },
    expected: {
      kind: 'audioData',
      data: Buffer.from([1, 2, 3, 4, 5]),
      timestampMs: Date.UTC(2022, 9, 3, 19, 16, 12, 925),
      silent: false,
    },
  },
  {
    source: 'Java SDK, audio without a kind',
    message: {
      audioData: {
        data: 'dGVzdGF1ZGlv',
        timestamp: '2023-08-01T10:00:00Z',
        participantRawId: 'participant123',
        silent: false,
      },
    },
    expected: {
      kind: 'audioData',
      data: Buffer.from('testaudio'),
      timestampMs: Date.UTC(2023, 7, 1, 10),
      participantRawId: 'participant123',
      silent: false,
    },
  },
  {
    source: '.NET SDK, metadata of no known format',
    message: {
      kind: 'AudioMetadata',
      audioMetadata: {
        subscriptionId: 'subscriptionId',
        encoding: 'encodingType',
        sampleRate: 8,
        channels: 2,
        length: 640,
      },
    },
    expected: {
      kind: 'audioMetadata',
      subscriptionId: 'subscriptionId',
      encoding: 'encodingType',
      sampleRateHz: 8,
      channels: 2,
      frameBytes: 640,
    },
  },
  {
    source: 'Java SDK, metadata without a kind',
    message: {
      audioMetadata: {
        subscriptionId: 'sub123',
        encoding: 'Pcm',
        sampleRate: 16000,
        channels: 1,
        length: 1024,
      },
    },
    expected: {
      kind: 'audioMetadata',
      subscriptionId: 'sub123',
      encoding: 'Pcm',
      sampleRateHz: 16_000,
      channels: 1,
      frameBytes: 1024,
    },
  },
  {
    source: 'documentation, DTMF',
    message: { kind: 'DtmfData', dtmfData: { data: '3' } },
    expected: { kind: 'dtmfData', tone: '3' },
  },
  {
    source: 'JavaScript SDK, transcription metadata',
    message: {
      kind: 'TranscriptionMetadata',
      transcriptionMetadata: {
        subscriptionId: '0000a000-9999-5555-ae00-cd00e0bc0000',
        locale: 'en-US',
        callConnectionId: '6d09449c-6677-4f91-8cb7-012c338e6ec1',
        correlationId: '6d09449c-6677-4f91-8cb7-012c338e6ec1',
        speechRecognitionModelEndpointId: '0000a000-9999-5555-ae00-cd00e0bc0001',
      },
    },
    expected: {
      kind: 'transcriptionMetadata',
      subscriptionId: '0000a000-9999-5555-ae00-cd00e0bc0000',
      locale: 'en-US',
      callConnectionId: '6d09449c-6677-4f91-8cb7-012c338e6ec1',
      correlationId: '6d09449c-6677-4f91-8cb7-012c338e6ec1',
    },
  },
  {
    source: '.NET SDK, transcription without words (on which the JavaScript SDK throws)',
    message: {
      kind: 'TranscriptionData',
      transcriptionData: {
        text: 'store hours',
        format: 'display',
        offset: 49876484,
        duration: 9200000,
        participantRawID: 'abc12345',
        resultStatus: 'Intermediate',
      },
    },
    expected: {
      kind: 'transcriptionData',
      text: 'store hours',
      offset: 49_876_484,
      duration: 9_200_000,
      participantRawId: 'abc12345',
      resultStatus: 'Intermediate',
    },
  },
  {
    source: '.NET preview, mark',
    message: { kind: 'MarkData', markData: { id: 'm1', status: 'x' } },
    expected: { kind: 'unknown', name: 'MarkData' },
  },
];

describe('parseMediaFrame', () => {
  it.each(VECTORS)('reads the vector "$source" from text and from bytes', ({ message, expected }) => {
    const text = JSON.stringify(message);
    expect(parseMediaFrame(text)).toEqual(expected);
    expect(parseMediaFrame(Buffer.from(text))).toEqual(expected);
  });

  it('hears the same audio as the official parser', () => {
    for (const bytes of [640, 960]) {
      const data = Buffer.from(Uint8Array.from({ length: bytes }, (_, i) => i * 7)).toString('base64');
      const text = JSON.stringify({
        kind: 'AudioData',
        audioData: { timestamp: '2024-11-15T19:16:12.925Z', data, silent: false },
      });
      const official = StreamingData.parse(text) as { data: string };
      const frame = parseMediaFrame(text);
      expect(frame?.kind === 'audioData' && frame.data?.toString('base64')).toBe(official.data);
    }
  });

  it('finds members in any casing', () => {
    const message = { KIND: 'audiodata', AudioData: { Data: 'AQI=', ParticipantRawId: 'p', Silent: true } };
    expect(parseMediaFrame(JSON.stringify(message))).toEqual({
      kind: 'audioData',
      data: Buffer.from([1, 2]),
      participantRawId: 'p',
      silent: true,
    });
  });

  it('takes null for missing', () => {
    const message = {
      kind: 'AudioData',
      audioData: { data: null, timestamp: null, participantRawID: null, silent: null },
    };
    expect(parseMediaFrame(JSON.stringify(message))).toEqual({ kind: 'audioData', silent: false });
  });

  it('names kinds that it does not know, and those without the member that they promise', () => {
    expect(parseMediaFrame('{"kind":"AudioData"}')).toEqual({ kind: 'unknown', name: 'AudioData' });
    expect(parseMediaFrame('{"kind":"AudioData","audioData":[]}')).toMatchObject({ kind: 'unknown' });
    expect(parseMediaFrame('{"kind":"DtmfData","dtmfData":{}}')).toMatchObject({ kind: 'unknown' });
    expect(parseMediaFrame('{"kind":7}')).toEqual({ kind: 'unknown', name: '' });
    expect(parseMediaFrame('{}')).toEqual({ kind: 'unknown', name: '' });
    expect(parseMediaFrame(`{"kind":"${'x'.repeat(500)}"}`)).toEqual({
      kind: 'unknown',
      name: 'x'.repeat(40),
    });
  });

  it('is not led astray by names of Object.prototype', () => {
    expect(parseMediaFrame('{"kind":"__proto__"}')).toMatchObject({ kind: 'unknown' });
    expect(parseMediaFrame('{"kind":"constructor"}')).toMatchObject({ kind: 'unknown' });
  });

  it('gives nothing for what is no JSON object', () => {
    for (const text of ['', 'x', '1', 'null', '[]', '"AudioData"', '{"kind":', '\u0000']) {
      expect(parseMediaFrame(text), text).toBeUndefined();
    }
  });

  it.each([
    ['text', fc.string()],
    ['JSON', fc.json()],
    ['bytes', fc.uint8Array().map((bytes) => Buffer.from(bytes))],
  ] as const)('never throws, whatever %s comes', (_, anything) => {
    return fc.assert(fc.property(anything, (text: string | Buffer) => void parseMediaFrame(text)));
  });

  it('makes something of every body that a known kind may have', () => {
    const kinds = fc.constantFrom('AudioData', 'AudioMetadata', 'DtmfData', 'TranscriptionData');
    return fc.assert(
      fc.property(kinds, fc.jsonValue(), (kind, body) => {
        const member = kind.slice(0, 1).toLowerCase() + kind.slice(1);
        expect(parseMediaFrame(JSON.stringify({ kind, [member]: body }))).toBeDefined();
      }),
    );
  });
});

describe('what is sent to ACS', () => {
  it('is the smallest audio message that Microsoft programs send', () => {
    expect(formatAudioData(Uint8Array.of(1, 2, 3, 4))).toBe(
      '{"kind":"AudioData","audioData":{"data":"AQIDBA=="}}',
    );
    expect(formatStopAudio()).toBe('{"kind":"StopAudio","stopAudio":{}}');
  });

  it('carries exactly the bytes of a view into a larger buffer', () => {
    return fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), fc.nat(50), (bytes, offset) => {
        const larger = new Uint8Array(bytes.length + offset + 7).fill(0xee);
        larger.set(bytes, offset);
        const message = JSON.parse(formatAudioData(larger.subarray(offset, offset + bytes.length)));
        expect(Buffer.from(message.audioData.data, 'base64').equals(bytes)).toBe(true);
      }),
    );
  });
});
