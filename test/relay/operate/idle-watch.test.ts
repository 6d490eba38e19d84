import { beforeEach, describe, expect, it } from 'vitest';
import { IdleWatch } from '../../../relay/operate/idle-watch.ts';
import { RelayClock } from '../relay-clock.ts';

const ASK_AGAIN_MS = 10_000;
const IDLE_MS = 30_000;

let clock: RelayClock;
let asked: number[];
let watch: IdleWatch;

beforeEach(() => {
  clock = new RelayClock();
  asked = [];
  watch = new IdleWatch({
    idleMs: IDLE_MS,
    clock,
    endCall: async () => {
      asked.push(clock.elapsedMs());
    },
  });
});

function audio(amplitude: number): Uint8Array {
  const samples = Int16Array.from({ length: 320 }, (_, at) => (at % 2 === 0 ? amplitude : -amplitude));
  return new Uint8Array(samples.buffer);
}

describe('a call in which nobody says anything', () => {
  it('is to end after its time, and is asked for again while it goes on', async () => {
    await clock.advance(IDLE_MS - 1);
    expect(asked).toEqual([]);
    await clock.advance(1 + ASK_AGAIN_MS);
    expect(asked).toEqual([IDLE_MS, IDLE_MS + ASK_AGAIN_MS]);
    watch.close();
    await clock.advance(10 * ASK_AGAIN_MS);
    expect(asked).toHaveLength(2);
    expect(clock.pending).toBe(0);
  });

  it.each([
    ['somebody stops speaking', () => [watch.speechStarted(), watch.speechEnded()]],
    ['a key is pressed', () => watch.keyPressed()],
    [
      'a worker is heard',
      () =>
        watch
          .media({ play: () => {}, stopAudio: () => {}, close: () => {}, bufferedBytes: () => 0 })
          .play(audio(3_000)),
    ],
  ])('has its whole time again when %s', async (_what, happens) => {
    await clock.advance(IDLE_MS - 10);
    happens();
    await clock.advance(IDLE_MS - 1);
    expect(asked).toEqual([]);
    await clock.advance(1);
    expect(asked).toEqual([2 * IDLE_MS - 10]);
  });

  it('is not one in which the relay was held up, and what was said waits in the socket', async () => {
    await clock.beHeldUp(IDLE_MS + 5_000);
    watch.speechStarted();
    watch.speechEnded();
    await clock.advance(IDLE_MS - 1);
    expect(asked).toEqual([]);
  });

  it('is not one in which somebody speaks all the time', async () => {
    watch.speechStarted();
    await clock.advance(10 * IDLE_MS);
    expect(asked).toEqual([]);
  });

  it('is one in which a worker sends silence, or stops', async () => {
    const passedOn: unknown[] = [];
    const media = watch.media({
      play: (pcm) => void passedOn.push(pcm.byteLength),
      stopAudio: () => void passedOn.push('stop'),
      close: (cause) => void passedOn.push(cause),
      bufferedBytes: () => 7,
    });
    await clock.advance(IDLE_MS - 10);
    media.play(audio(0));
    media.stopAudio();
    media.close('moved');
    expect(media.bufferedBytes()).toBe(7);
    expect(passedOn, 'everything still reaches the call').toEqual([640, 'stop', 'moved']);
    await clock.advance(10);
    expect(asked).toHaveLength(1);
  });
});
