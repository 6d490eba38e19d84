import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { parseMediaFrame } from '../../../relay/acs/acs-media.ts';
import { AudioTemplate, MediaReader } from '../../../relay/listen/acs-media-reader.ts';
import { VECTORS } from './acs-media-vectors.ts';

const AT_MS = Date.UTC(2026, 10, 22, 13, 14, 15, 678);

interface Audio {
  readonly pcm: Uint8Array;
  readonly atMs: number;
  readonly participantRawID?: string;
  readonly silent: boolean;
}

function messageOf({ pcm, atMs, participantRawID, silent }: Audio): Buffer {
  const timestamp = new Date(atMs).toISOString();
  const data = Buffer.from(pcm).toString('base64');
  return Buffer.from(
    JSON.stringify({ kind: 'AudioData', audioData: { timestamp, participantRawID, data, silent } }),
  );
}

function spoken(change: Partial<Audio> = {}): Buffer {
  return messageOf({ pcm: new Uint8Array(640).fill(3), atMs: AT_MS, silent: false, ...change });
}

/** Reads all of them with one reader, and says that each gives what the full parse gives. */
function expectLikeFullParse(messages: readonly Buffer[]): void {
  const reader = new MediaReader();
  for (const message of messages) {
    expect(reader.read(message), message.toString('latin1')).toEqual(parseMediaFrame(message));
  }
}

describe('A reader of media messages', () => {
  it('gives what the full parse gives for every vector, each of them again and again, in turn with audio', () => {
    for (const { message } of VECTORS) {
      const bytes = Buffer.from(JSON.stringify(message));
      expectLikeFullParse([bytes, bytes, spoken(), bytes, spoken({ atMs: AT_MS + 20 }), bytes]);
    }
  });

  it('gives what the full parse gives for streams of several speakers over hours', () => {
    const audio = fc.record({
      pcm: fc.oneof(fc.uint8Array({ minLength: 640, maxLength: 640 }), fc.uint8Array({ maxLength: 12 })),
      atMs: fc.nat(3 * 3_600_000).map((ms) => AT_MS + ms),
      participantRawID: fc.constantFrom('4:+14255550100', '8:acs:a', '8:acs:b', 'with "data":"QUJD" in it'),
      silent: fc.boolean(),
    });
    return fc.assert(
      fc.property(fc.array(audio, { maxLength: 40 }), (stream) => expectLikeFullParse(stream.map(messageOf))),
      { numRuns: 60 },
    );
  });

  it('takes a message whose padding is overwritten for what the full parse takes it for', () => {
    const message = spoken({ participantRawID: '8:acs:a' });
    const paddingAt = message.indexOf('=');
    expect(paddingAt, 'a frame of 640 bytes is padded').toBeGreaterThan(0);
    for (const at of [paddingAt, paddingAt + 1]) {
      for (const value of Buffer.from('"\\A ')) {
        const changed = Buffer.from(message);
        changed[at] = value;
        expectLikeFullParse([message, message, changed, message]);
      }
    }
  });

  it('gives what the full parse gives when any byte of a message of a known shape is another', () => {
    const message = spoken({ participantRawID: '8:acs:a' });
    const byte = fc.oneof(fc.constantFrom(...Buffer.from('"\\=-_ \n{}:,0z')), fc.nat(255));
    return fc.assert(
      fc.property(fc.nat(message.byteLength - 1), byte, (at, value) => {
        const changed = Buffer.from(message);
        changed[at] = value;
        expectLikeFullParse([message, message, changed, message]);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['audio with an escape', (text: string) => text.replace('AwMD', 'Aw\\/')],
    ['a time that does not exist', (text: string) => text.replace(':15.678', ':61.678')],
    ['a time without a fraction', (text: string) => text.replace('.678Z', 'Z')],
    ['a time behind the audio', (text: string) => moveTime(text)],
    [
      'the audio in another object',
      (text: string) => text.replace('"data"', '"x":{"data"').replace('}}', '}}}'),
    ],
    ['the audio under two names', (text: string) => text.replace('"silent"', '"Data":"QUJD","silent"')],
    ['the audio twice', (text: string) => text.replace('"silent"', '"data":"QUJD","silent"')],
    ['other names', (text: string) => text.replace('"data"', '"DATA"')],
    ['blanks', (text: string) => text.replaceAll(':"', ': "')],
  ])('reads %s as the full parse does', (_, change) => {
    const others = [AT_MS, AT_MS + 20, AT_MS + 40].map((atMs, at) =>
      Buffer.from(change(spoken({ atMs, pcm: new Uint8Array(639).fill(at + 3) }).toString())),
    );
    expectLikeFullParse([...others, spoken(), ...others]);
  });

  it('gives each frame its own audio, until the next one is read', () => {
    const reader = new MediaReader();
    for (const value of [1, 2, 3]) {
      const frame = reader.read(spoken({ pcm: new Uint8Array(640).fill(value) }));
      expect(frame?.kind === 'audioData' && new Set(frame.data)).toEqual(new Set([value]));
    }
  });

  it('needs no JSON parser for the second message of a shape', () => {
    const reader = new MediaReader();
    reader.read(spoken());
    const parse = vi.spyOn(JSON, 'parse');
    try {
      expect(reader.read(spoken({ atMs: AT_MS + 20 }))).toMatchObject({ timestampMs: AT_MS + 20 });
      expect(parse).not.toHaveBeenCalled();
    } finally {
      parse.mockRestore();
    }
  });
});

describe('A shape of audio messages', () => {
  it('is not made of a message whose audio would be looked for in the wrong place', () => {
    const misleading = Buffer.from(
      '{"kind":"AudioData","other":{"data":"QUJD"},"audioData":{"Data":"QUJD","silent":false}}',
    );
    const frame = parseMediaFrame(misleading);
    if (frame?.kind !== 'audioData') throw new Error('the full parse reads audio here');
    expect(AudioTemplate.of(misleading, frame, parseMediaFrame)).toBeUndefined();
  });
});

function moveTime(text: string): string {
  const [, time = ''] = /("timestamp":"[^"]*"),/.exec(text) ?? [];
  return text.replace(`${time},`, '').replace('"silent"', `${time},"silent"`);
}
