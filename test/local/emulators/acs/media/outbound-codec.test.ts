import { createOutboundAudioData, createOutboundStopAudioData } from '@azure/communication-call-automation';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MAX_OUTBOUND_BYTES,
  parseOutbound,
} from '../../../../../local/emulators/acs/media/outbound-codec.ts';

/** Samples 1, -2 and 32767 as PCM16 little-endian. */
const DATA = 'AQD+//9/';
const SAMPLES = Int16Array.of(1, -2, 32_767);

function parse(text: string): ReturnType<typeof parseOutbound> {
  return parseOutbound(Buffer.from(text), false);
}

describe('what the application sends', () => {
  it.each([
    [
      'JavaScript 1.6.0',
      `{"kind":"audioData","audioData":{"data":"${DATA}","isSilent":false},"stopAudio":{}}`,
    ],
    [
      'C# 1.6',
      `{"Kind":"AudioData","AudioData":{"Data":"${DATA}","Timestamp":"0001-01-01T00:00:00+00:00","Participant":null,"IsSilent":false},"StopAudio":null}`,
    ],
    [
      'Java',
      `{"kind":"AudioData","audioData":{"data":"${DATA}","timestamp":null,"participant":null,"isSilent":false},"stopAudio":null}`,
    ],
    ['Python', `{"Kind": "AudioData", "AudioData": {"Data": "${DATA}"}, "StopAudio": null}`],
    ['hand-made camelCase', `{"kind":"AudioData","audioData":{"data":"${DATA}"}}`],
    ['mixed casing', `{"kind":"AudioData","AudioData":{"data":"${DATA}"},"StopAudio":null}`],
    ['flagged silent', `{"kind":"AudioData","audioData":{"data":"${DATA}","isSilent":true}}`],
  ])('is audio as %s writes it', (_, text) => {
    expect(parse(text)).toEqual({ type: 'audio', samples: SAMPLES });
  });

  it.each([
    ['JavaScript 1.6.0', '{"kind":"stopAudio","stopAudio":{}}'],
    ['C# 1.6 and Python', '{"Kind": "StopAudio", "AudioData": null, "StopAudio": {}}'],
    ['Java', '{"kind":"StopAudio","stopAudio":{}}'],
    ['a stop that carries audio', `{"kind":"StopAudio","audioData":{"data":"${DATA}"}}`],
  ])('is a stop as %s writes it', (_, text) => {
    expect(parse(text)).toEqual({ type: 'stopAudio' });
  });

  it('is understood from the functions of the JavaScript SDK itself', () => {
    expect(parse(createOutboundAudioData(DATA))).toEqual({ type: 'audio', samples: SAMPLES });
    expect(parse(createOutboundStopAudioData())).toEqual({ type: 'stopAudio' });
  });

  it.each([
    ['unknownKind', '{"Kind":"Transcription","Text":"hello"}'],
    ['unknownKind', '{"Kind":"StartAudio","AudioData":null,"StartAudio":{}}'],
    ['noKind', `{"audioData":{"data":"${DATA}"}}`],
    ['noKind', '{"kind":null}'],
    ['noKind', '{}'],
    ['notAnObject', '[]'],
    ['notAnObject', 'null'],
    ['notAnObject', '7'],
    ['notJson', 'hello'],
    ['notJson', ''],
    ['noAudio', '{"kind":"AudioData"}'],
    ['noAudio', '{"kind":"AudioData","audioData":null}'],
    ['noAudio', '{"kind":"AudioData","audioData":{}}'],
    ['noAudio', '{"kind":"AudioData","audioData":{"data":5}}'],
    ['notBase64', '{"kind":"AudioData","audioData":{"data":"AQD+/"}}'],
    ['notBase64', '{"kind":"AudioData","audioData":{"data":"AQD-__9_"}}'],
    ['notBase64', '{"kind":"AudioData","audioData":{"data":"A=QD"}}'],
    ['oddLength', '{"kind":"AudioData","audioData":{"data":"AQD+"}}'],
  ])('is ignored as %s: %s', (reason, text) => {
    expect(parse(text)).toEqual({ type: 'ignored', reason });
  });

  it('is ignored when it is a binary message, whatever it holds', () => {
    const bytes = Buffer.from(`{"kind":"AudioData","audioData":{"data":"${DATA}"}}`);
    expect(parseOutbound(bytes, true)).toEqual({ type: 'ignored', reason: 'binary' });
  });

  it('takes one second of 24 kHz audio from the JavaScript SDK but nothing beyond 64 KiB', () => {
    const second = createOutboundAudioData(Buffer.alloc(48_000).toString('base64'));
    expect(parse(second)).toEqual({ type: 'audio', samples: new Int16Array(24_000) });
    const padding = ' '.repeat(MAX_OUTBOUND_BYTES - second.length);
    expect(parse(second + padding).type).toBe('audio');
    expect(parse(`${second + padding} `)).toEqual({ type: 'ignored', reason: 'oversized' });
  });

  it('gives back every sample bit-exact', () => {
    fc.assert(
      fc.property(fc.int16Array({ maxLength: 1_000 }), (samples) => {
        const base64 = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength).toString('base64');
        expect(parse(createOutboundAudioData(base64))).toEqual({ type: 'audio', samples: samples.slice() });
      }),
    );
  });

  it('never makes it throw', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          expect(parseOutbound(Buffer.from(bytes), false).type).toBeTypeOf('string');
        },
      ),
    );
  });
});
