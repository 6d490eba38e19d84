import { describe, expect, it } from 'vitest';
import { HeardAudio } from '../../../relay/listen/heard-audio.ts';
import { UtteranceAudio } from '../../../relay/listen/utterance-audio.ts';

const MAX_WAITING_MS = 60_000;
const FRAME = 320;
const RULES = { minSpeechMs: 120, endSilenceMs: 500, maxMs: 15_000, preRollMs: 300 };

function setUp(rules = RULES, heard?: HeardAudio) {
  const spoken: string[] = [];
  const audio = new UtteranceAudio({
    format: 'pcm16KMono',
    rules,
    heard,
    speech: {
      onSpeechStarted: (ssrc, timestamp) => spoken.push(`started ${ssrc} at ${timestamp / FRAME}`),
      onSpeechEnded: (ssrc, timestamp) => spoken.push(`ended ${ssrc} at ${timestamp / FRAME}`),
    },
  });
  const at = new Map<number, number>();
  return {
    audio,
    spoken,
    say(ssrc: number, frames: number, isSpeech = true) {
      for (let i = 0; i < frames; i += 1) {
        const timestamp = at.get(ssrc) ?? 0;
        const voice = { isSpeech, isVoiced: isSpeech, levelDb: isSpeech ? -26 : -70 };
        audio.push({ ssrc, pcm: new Uint8Array(2 * FRAME).fill(ssrc), timestamp, voice });
        at.set(ssrc, timestamp + FRAME);
      }
    },
  };
}

describe('the audio of a worker that listens to utterances', () => {
  it('is nothing while somebody speaks, and all that he said when he has finished', () => {
    const { audio, say, spoken } = setUp();
    say(0, 20);
    expect(audio.take()).toBeUndefined();
    say(0, 25, false);
    expect(audio.take()).toMatchObject({ ssrc: 0, timestamp: 0, marker: true, ms: 600 });
    expect(audio.take()).toBeUndefined();
    expect(audio.queuedBytes, 'the silence before what may be said next').toBeLessThan(40 * 2 * FRAME);
    expect(spoken).toEqual(['started 0 at 0', 'ended 0 at 20']);
  });

  it('keeps participants apart, who speak at the same time', () => {
    const { audio, say } = setUp();
    say(1, 20);
    say(2, 30);
    say(1, 25, false);
    say(2, 25, false);
    const pieces = [audio.take(), audio.take()];
    expect(pieces.map((piece) => [piece?.ssrc, piece?.ms, piece?.bytes[0]])).toEqual([
      [1, 600, 1],
      [2, 800, 2],
    ]);
  });

  it('loses nothing of a sentence of which some frames come after its time has passed', () => {
    const FRAMES = 40;
    for (let early = 1; early < FRAMES; early += 1) {
      const { audio, say } = setUp();
      say(1, early);
      audio.advance(100 * FRAME);
      say(1, FRAMES - early);
      say(1, 25, false);
      const pieces = [audio.take(), audio.take()].filter((piece) => piece !== undefined);
      const ends = pieces.map(({ timestamp, ms }) => timestamp + ms * 16);
      expect(pieces.map(({ timestamp }) => timestamp)).toEqual([0, ...ends.slice(0, -1)]);
      expect(ends.at(-1)).toBeGreaterThanOrEqual(FRAMES * FRAME);
    }
  });

  it('comes of one whose frames stay away when the stream goes on without him', () => {
    const { audio, say } = setUp();
    say(1, 20);
    audio.advance(20 * FRAME + 499 * 16);
    expect(audio.take()).toBeUndefined();
    audio.advance(20 * FRAME + 500 * 16);
    expect(audio.take()).toMatchObject({ ssrc: 1, ms: 400 });
  });

  it('is the rest of what is being said at the end of the stream', () => {
    const { audio, say } = setUp();
    say(0, 20);
    expect(audio.takeRest()).toMatchObject({ ms: 400 });
    expect(audio.takeRest()).toBeUndefined();
  });

  it('marks what begins, and what follows on something that did not arrive', () => {
    const { audio, say } = setUp({ ...RULES, maxMs: 2_000 });
    say(0, 250);
    expect([audio.take(), audio.take()].map((piece) => piece?.marker)).toEqual([true, false]);
    audio.lost(0);
    say(0, 100);
    expect(audio.take()?.marker).toBe(true);
  });

  it('drops the oldest beyond its bound, and counts it', () => {
    const { audio, say } = setUp();
    for (let i = 0; i < 5; i += 1) {
      say(0, 700);
      say(0, 25, false);
    }
    const pieces = Array.from({ length: 5 }, () => audio.take()).filter((piece) => piece !== undefined);
    const waiting = pieces.reduce((sum, { ms }) => sum + ms, 0);
    expect(waiting).toBeLessThanOrEqual(MAX_WAITING_MS);
    expect(audio.droppedMs).toBeGreaterThan(0);
    expect(audio.droppedMs + waiting).toBe(14_200 + 4 * 14_500);
    expect(pieces[0]?.timestamp).toBeGreaterThan(0);
  });

  it('of many workers that hang stays within the bound of all, and costs one that listens nothing', () => {
    const room = 2_000_000;
    const heard = new HeardAudio(room);
    const hanging = Array.from({ length: 40 }, () => setUp(RULES, heard));
    const listening = setUp(RULES, heard);
    for (let i = 0; i < 4; i += 1) {
      for (const { say } of [...hanging, listening]) {
        say(0, 100);
        say(0, 25, false);
        expect(heard.bytes).toBeLessThanOrEqual(room);
      }
      expect(listening.audio.take()).toMatchObject({ marker: true, ms: i === 0 ? 2_200 : 2_500 });
    }
    expect(listening.audio.droppedMs).toBe(0);
    const all = [...hanging, listening].map(({ audio }) => audio);
    expect(all.reduce((sum, { queuedBytes }) => sum + queuedBytes, 0)).toBe(heard.bytes);
    const waiting = hanging.map(({ audio }) => audio.queuedBytes);
    expect(Math.max(...waiting) - Math.min(...waiting), 'the longest is cut first').toBeLessThanOrEqual(
      80_000,
    );
    for (const audio of all) audio.discard();
    expect(heard.bytes).toBe(0);
  });

  it('stays within the bound though callers never pause, and loses nothing of those who do', () => {
    const room = 2_000_000;
    const heard = new HeardAudio(room);
    const talkers = Array.from({ length: 10 }, () => setUp(RULES, heard));
    const listening = setUp(RULES, heard);
    const told: string[] = [];
    for (let second = 0; second < 60; second += 1) {
      for (const { say } of talkers) {
        say(0, 50);
        expect(heard.bytes).toBeLessThanOrEqual(room);
      }
      listening.say(0, 50, second % 2 === 0);
      const piece = listening.audio.take();
      if (piece !== undefined) told.push(`${piece.marker} ${piece.ms}`);
    }
    expect(told).toHaveLength(30);
    expect(listening.audio.droppedMs).toBe(0);
    const [talker, ...others] = talkers;
    for (const { audio } of others) audio.discard();
    expect(talker?.audio.droppedMs, 'of somebody who never pauses').toBeGreaterThan(0);
    expect(talker?.spoken, 'the speech goes on').toEqual(['started 0 at 0']);
    talker?.say(0, 50);
    talker?.say(0, 50, false);
    expect(talker?.audio.take(), 'and its end is heard').toBeDefined();
  });

  it('counts what several people are saying, and the audio before they speak, until it is sent or dropped', () => {
    const heard = new HeardAudio();
    const { audio, say } = setUp(RULES, heard);
    for (const ssrc of [1, 2, 3, 4]) say(ssrc, 50);
    expect(audio.queuedBytes).toBe(4 * 50 * 2 * FRAME);
    expect(heard.bytes).toBe(audio.queuedBytes);
    say(1, 200, false);
    expect(audio.take()).toMatchObject({ ssrc: 1 });
    const quietBytes = heard.bytes - 3 * 50 * 2 * FRAME;
    expect(quietBytes, 'what may still become part of an utterance').toBeGreaterThan(0);
    expect(quietBytes).toBeLessThan(40 * 2 * FRAME);
    while (audio.takeRest() !== undefined);
    expect([audio.queuedBytes, heard.bytes]).toEqual([0, 0]);
  });

  it('counts everything as dropped once nobody listens any more', () => {
    const { audio, say } = setUp();
    say(0, 20);
    say(0, 25, false);
    audio.discard();
    expect(audio.droppedMs).toBe(600);
    say(0, 20);
    say(0, 25, false);
    expect(audio.take()).toBeUndefined();
    expect(audio.droppedMs, 'what was said').toBe(600 + 400);
    expect(audio.queuedBytes).toBe(0);
  });

  it('counts what somebody is saying as dropped, too, when nobody listens any more', () => {
    const { audio, say } = setUp();
    say(0, 20);
    audio.discard();
    expect(audio.droppedMs).toBe(400);
  });
});
