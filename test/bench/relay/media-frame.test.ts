import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evenNoise, FrameReader, MediaFrame } from '../../../bench/relay/media-frame.ts';

const TIME = Buffer.from('2026-11-22T13:14:15.678Z', 'latin1');

function unmasked(frame: MediaFrame): Buffer {
  const mask = frame.bytes.subarray(4, 8);
  return Buffer.from(frame.bytes.subarray(8).map((byte, at) => byte ^ (mask[at & 3] ?? 0)));
}

function stamped(number: number): Buffer {
  const frame = new MediaFrame(evenNoise(7));
  frame.stamp(number, TIME);
  return unmasked(frame);
}

function pcmOf(message: Buffer): Buffer {
  const { audioData } = JSON.parse(message.toString()) as { audioData: { data: string } };
  return Buffer.from(audioData.data, 'base64');
}

function numbersIn(message: Buffer): number[] {
  const numbers: number[] = [];
  new FrameReader().read(message, 0, message.byteLength, (number) => numbers.push(number));
  return numbers;
}

describe('A prebuilt media frame', () => {
  it('is a message of ACS with 20 ms of audio and the time that was stamped on it', () => {
    expect(JSON.parse(stamped(1).toString())).toMatchObject({
      kind: 'AudioData',
      audioData: { timestamp: String(TIME), silent: false },
    });
    expect(pcmOf(stamped(1))).toHaveLength(640);
  });

  it('is recognised by its number when it comes back, however many there are in a message', () => {
    const number = fc.integer({ min: 0, max: 0xffff_ffff });
    fc.assert(
      fc.property(fc.array(number, { minLength: 1, maxLength: 12 }), fc.nat(10), (numbers, silentFrames) => {
        const pcm = Buffer.concat([
          Buffer.alloc(silentFrames * 640),
          ...numbers.map((each) => pcmOf(stamped(each))),
        ]);
        const message = `{"kind":"AudioData","audioData":{"data":"${pcm.toString('base64')}"}}`;
        expect(numbersIn(Buffer.from(message))).toEqual(numbers);
      }),
      { numRuns: 50 },
    );
  });

  it('is recognised in the casing of other servers, and in the echo of the very message', () => {
    const data = pcmOf(stamped(42)).toString('base64');
    expect(numbersIn(Buffer.from(`{"Kind": "AudioData", "AudioData": {"Data": "${data}"}}`))).toEqual([42]);
    expect(numbersIn(stamped(43))).toEqual([43]);
    expect(numbersIn(Buffer.from('{"kind":"StopAudio","stopAudio":{}}'))).toEqual([]);
  });
});
