import { StreamingData } from '@azure/communication-call-automation';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAudioData, formatStopAudio, parseMediaFrame } from '../../../relay/acs/acs-media.ts';
import { VECTORS } from '../listen/acs-media-vectors.ts';

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
