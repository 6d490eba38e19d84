import { describe, expect, it } from 'vitest';
import { SPEECH_END_LATENCY_MS, SpeechDetector } from '../../../relay/listen/speech-detector.ts';
import { speechLike, tone } from '../../support/signals.ts';
import { RelayClock } from '../relay-clock.ts';

const FRAME = 320;
const VOICE = speechLike(100 * FRAME, 16_000, { hasPauses: false });

type Told = readonly ['started' | 'ended', ssrc: number, timestamp: number, ms: number];

function setUp({ isSteady = false } = {}) {
  const clock = new RelayClock();
  const told: Told[] = [];
  const advanced: number[] = [];
  const detector = new SpeechDetector({
    format: 'pcm16KMono',
    isSteady,
    clock,
    speech: {
      onSpeechStarted: (...args) => told.push(['started', ...args]),
      onSpeechEnded: (...args) => told.push(['ended', ...args]),
    },
    onAdvance: (position) => advanced.push(position),
  });
  const at = new Map<number, number>();
  return {
    clock,
    told,
    advanced,
    detector,
    /** Frames of a participant as they come, 20 ms apart. */
    async hear(ssrc: number, frames: number, sound: 'voice' | 'silence') {
      for (let i = 0; i < frames; i += 1) {
        const timestamp = at.get(ssrc) ?? 0;
        const samples = sound === 'voice' ? VOICE.slice(timestamp, timestamp + FRAME) : new Int16Array(FRAME);
        detector.hear(ssrc, new Uint8Array(samples.buffer), timestamp);
        at.set(ssrc, timestamp + FRAME);
        await clock.advance(20);
      }
    },
  };
}

describe('detector', () => {
  it('tells when somebody begins and has finished to speak', async () => {
    const { told, hear } = setUp();
    await hear(0, 10, 'silence');
    await hear(0, 20, 'voice');
    expect(told).toEqual([['started', 0, 10 * FRAME, 120]]);
    await hear(0, 20, 'silence');
    expect(told.slice(1)).toEqual([['ended', 0, 30 * FRAME, 400]]);
  });

  it('judges each frame for those who listen', () => {
    const { detector } = setUp();
    const silent = detector.hear(0, new Uint8Array(640), 0);
    expect(silent).toMatchObject({ ssrc: 0, timestamp: 0, voice: { isSpeech: false } });
    const voice = new Uint8Array(tone(FRAME, 16_000, 400).slice().buffer);
    expect(detector.hear(0, voice, FRAME).voice.isSpeech).toBe(true);
  });

  it('tells the end when frames stay away, within the time it promises', async () => {
    const { told, hear, clock } = setUp();
    await hear(0, 20, 'voice');
    await clock.advance(SPEECH_END_LATENCY_MS);
    expect(told[1]).toEqual(['ended', 0, 20 * FRAME, 400]);
  });

  it('lets a frame be late by a hiccup of the network without ending what is said', async () => {
    const { told, hear, clock } = setUp();
    await hear(0, 20, 'voice');
    await clock.advance(400);
    await hear(0, 20, 'voice');
    expect(told).toHaveLength(1);
  });

  it('takes no pause of its own process for one of the caller, whose frames are read after it', async () => {
    const { told, hear, advanced, clock } = setUp();
    await hear(0, 20, 'voice');
    await clock.beHeldUp(900);
    await hear(0, 20, 'voice');
    expect(told).toHaveLength(1);
    expect(Math.max(...advanced), 'the stream is where its frames are').toBeLessThanOrEqual(40 * FRAME);
  });

  it('tells the end a moment later when the process was held up and no frames are read after it', async () => {
    const { told, hear, clock } = setUp();
    await hear(0, 20, 'voice');
    await clock.beHeldUp(900);
    expect(told).toHaveLength(1);
    await clock.advance(100);
    expect(told[1]).toEqual(['ended', 0, 20 * FRAME, 400]);
  });

  it('knows in an unmixed call that the process was held up, until it has read what came meanwhile', async () => {
    const { detector, hear, clock } = setUp();
    expect(detector.isHeldUp).toBe(false);
    await hear(1, 20, 'voice');
    expect(detector.isHeldUp).toBe(false);
    await clock.beHeldUp(900);
    expect(detector.isHeldUp).toBe(true);
    await clock.advance(100);
    expect(detector.isHeldUp).toBe(false);
    await clock.advance(10_000);
    expect(detector.isHeldUp, 'nobody sends frames in silence').toBe(false);
  });

  it('goes on with speech that time has ended, with the first frame that comes after all', async () => {
    const { told, hear, clock } = setUp();
    await hear(0, 20, 'voice');
    await clock.advance(SPEECH_END_LATENCY_MS);
    await hear(0, 1, 'voice');
    expect(told.slice(1)).toEqual([
      ['ended', 0, 20 * FRAME, 400],
      ['started', 0, 20 * FRAME, 20],
    ]);
  });

  it('takes no frames that stay away for a pause of a mixed call, which brings frames of silence too', async () => {
    const { told, hear, advanced, clock } = setUp({ isSteady: true });
    await hear(0, 20, 'voice');
    await clock.advance(10 * SPEECH_END_LATENCY_MS);
    await hear(0, 20, 'voice');
    expect(told).toHaveLength(1);
    expect(advanced).toEqual([]);
    expect(clock.pending).toBe(0);
    await hear(0, 20, 'silence');
    expect(told[1]).toEqual(['ended', 0, 40 * FRAME, 800]);
  });

  it('lets time pass for a participant who is silent while another speaks', async () => {
    const { told, hear, advanced } = setUp();
    await hear(1, 10, 'voice');
    await hear(2, 40, 'voice');
    expect(told.map(([what, ssrc]) => `${what} ${ssrc}`)).toEqual(['started 1', 'started 2', 'ended 1']);
    expect(Math.max(...advanced)).toBeGreaterThan(20 * FRAME);
  });

  it('ends what is said with the stream, and leaves no timer behind', async () => {
    const { told, hear, detector, clock } = setUp();
    await hear(0, 20, 'voice');
    detector.close();
    detector.close();
    expect(told[1]).toEqual(['ended', 0, 20 * FRAME, 400]);
    expect(clock.pending).toBe(0);
  });

  it('stops its clock when nothing comes any more, and winds it up with the next frame', async () => {
    const { hear, clock } = setUp();
    await hear(0, 1, 'silence');
    await clock.advance(6_000);
    expect(clock.pending).toBe(0);
    await hear(0, 1, 'silence');
    expect(clock.pending).toBe(1);
  });
});
