import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type OutboundMessage,
  parseOutbound,
} from '../../../../../local/emulators/acs/media/outbound-codec.ts';
import { OutboundReader } from '../../../../../local/emulators/acs/media/outbound-reader.ts';

/** How the four SDKs write audio, and others who do not make it easy. */
const WRITERS: readonly ((data: string) => string)[] = [
  (data) => `{"kind":"audioData","audioData":{"data":"${data}","isSilent":false},"stopAudio":{}}`,
  (data) => `{"Kind": "AudioData", "AudioData": {"Data": "${data}"}, "StopAudio": null}`,
  (data) => `{"kind":"AudioData","audioData":{"data":"first","Data":"${data}"}}`,
  (data) => `{"kind":"AudioData","audioData":{"data":"${data}","Data":"AQD+"}}`,
  (data) => `{"x":"AAAA","kind":"AudioData","audioData":{"data":"\\u0041AAA"},"y":"${data}"}`,
  (data) => `{"kind":"AudioData","audioData":{"data":"${data.replaceAll('/', '\\/')}"}}`,
  (data) => `{"kind":"AudioData","audioData":{"data":"${data}"},"audiodata":null}`,
  (data) => `{"kind":"StopAudio","audioData":{"data":"${data}"}}`,
  (data) => `{"kind":"AudioData","audioData":{"data":"${data}"`,
];

const data = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('AAAA', '', 'A', 'AQ==', '-_-_', '\\u0041AAA', 'AA"AA', 'AA==AA==', 'ää=='),
  },
);

/** The message with samples of its own. */
function kept(message: OutboundMessage): OutboundMessage {
  return message.type === 'audio' ? { ...message, samples: message.samples.slice() } : message;
}

describe('the messages of one stream', () => {
  it('are read as each by itself is, in whatever order and form they come', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...WRITERS), data), { maxLength: 12 }), (messages) => {
        const reader = new OutboundReader();
        for (const [write, text] of messages) {
          const bytes = Buffer.from(write(text));
          expect(kept(reader.read(bytes, false))).toEqual(parseOutbound(bytes, false));
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('are read into the same samples again once their form is known', () => {
    const reader = new OutboundReader();
    const [write = String] = WRITERS;
    const read = (text: string): OutboundMessage => reader.read(Buffer.from(write(text)), false);
    expect(read('AQD+//9/')).toEqual({ type: 'audio', samples: Int16Array.of(1, -2, 32_767) });
    const second = read('AgD+//9/');
    expect(second).toEqual({ type: 'audio', samples: Int16Array.of(2, -2, 32_767) });
    const third = read('AwD+//9/');
    if (second.type !== 'audio' || third.type !== 'audio') throw new Error('both are audio');
    expect(third.samples, 'nothing is made anew').toBe(second.samples);
  });

  it('are ignored as before where they are binary or too long', () => {
    const reader = new OutboundReader();
    const [write = String] = WRITERS;
    reader.read(Buffer.from(write('AQD+')), false);
    expect(reader.read(Buffer.from(write('AQD+')), true)).toEqual({ type: 'ignored', reason: 'binary' });
    const long = Buffer.from(write('A'.repeat(65_536)));
    expect(reader.read(long, false)).toEqual({ type: 'ignored', reason: 'oversized' });
  });
});
