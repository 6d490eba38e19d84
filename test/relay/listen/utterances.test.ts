/** A session whose workers listen to utterances. */
import { describe, expect, it } from 'vitest';
import { formatAudioData, formatStopAudio } from '../../../relay/acs/acs-media.ts';
import { TimerWheel } from '../../../relay/base/timer-wheel.ts';
import type { WorkerPlan } from '../../../shared/call/plan.ts';
import { atLevel, NOISES } from '../../support/noises.ts';
import { speechLike } from '../../support/signals.ts';
import { UTTERANCES } from '../../support/utterances.ts';
import { scriptedLanes } from '../lane/scripted-lane.ts';
import { RelayClock, settled } from '../relay-clock.ts';
import { newSession } from '../session/new-session.ts';
import { audioData, dtmf, heardAudio } from './acs-messages.ts';

const FRAME = 320;

async function setUp(workers: readonly WorkerPlan[], channels: 'mixed' | 'unmixed' = 'mixed') {
  const clock = new RelayClock();
  const lanes = scriptedLanes();
  const sent: string[] = [];
  const session = newSession({
    plan: { channels, workers },
    media: {
      play: (pcm) => sent.push(formatAudioData(pcm)),
      stopAudio: () => sent.push(formatStopAudio()),
      bufferedBytes: () => 0,
      close: () => {},
    },
    openConnection: lanes.open,
    openControl: lanes.openControl,
    clock,
    wheel: new TimerWheel(clock, (error) => {
      throw error;
    }),
  });
  for (const { name } of workers) {
    lanes.of(name).isObliging = true;
    lanes.of(name).started();
  }
  await settled();
  const voice = speechLike(FRAME * 100, 16_000, { hasPauses: false });
  let spoken = 0;
  return {
    clock,
    lanes,
    session,
    sent,
    /** Frames as they come; gives what was said. */
    async say(frames: number, options: { by?: string; silent?: boolean } = {}): Promise<Buffer> {
      const parts: Uint8Array[] = [];
      for (let i = 0; i < frames; i += 1) {
        const at = (spoken % 100) * FRAME;
        const samples = options.silent ? new Int16Array(FRAME) : voice.slice(at, at + FRAME);
        const pcm = new Uint8Array(samples.buffer);
        session.receive(
          audioData(pcm, options.by === undefined ? {} : { participantRawID: options.by }),
          false,
        );
        parts.push(pcm);
        spoken += 1;
        await clock.advance(20);
      }
      return Buffer.concat(parts);
    },
  };
}

describe('a session with a worker that listens to utterances', () => {
  it('sends each thing that is said as one event, exactly', async () => {
    const { lanes, say } = await setUp([{ name: 'parrot', listen: UTTERANCES }]);
    const first = await say(50);
    const pause = await say(100, { silent: true });
    const second = await say(60);
    await say(30, { silent: true });
    const { packets } = lanes.of('parrot');
    expect(
      packets.map(({ timestamp, marker, payloadType, ssrc }) => ({ timestamp, marker, payloadType, ssrc })),
    ).toEqual([
      { timestamp: 0, marker: true, payloadType: 96, ssrc: 0 },
      { timestamp: 135 * FRAME, marker: true, payloadType: 96, ssrc: 0 },
    ]);
    const hangover = pause.subarray(0, 6_400);
    const preRoll = pause.subarray(0, 9_600);
    expect(Buffer.from(packets[0]?.payload ?? []).equals(Buffer.concat([first, hangover]))).toBe(true);
    expect(Buffer.from(packets[1]?.payload ?? []).equals(Buffer.concat([preRoll, second, hangover]))).toBe(
      true,
    );
  });

  it('tells how long the caller waited for the answer, from the end of what he said', async () => {
    const { clock, lanes, session, say } = await setUp([{ name: 'parrot', listen: UTTERANCES }]);
    await say(50);
    const silent = { silent: true };
    // The utterance is sent after 500 ms of silence; the worker takes 240 ms.
    await say(25, silent);
    expect(lanes.of('parrot').packets).toHaveLength(1);
    await say(12, silent);
    lanes.of('parrot').replyAudio(new Uint8Array(32_000));
    const [{ turns } = {}] = session.report().workers;
    expect(turns).toMatchObject({ turns: 1, turnsAnswered: 1 });
    const [{ latencyMs = 0 } = {}] = turns?.lastTurns ?? [];
    expect(Math.abs(latencyMs - 740), `${latencyMs} ms`).toBeLessThanOrEqual(40);
    await clock.advance(3_000);
    await say(50);
    session.socketClosed();
    expect(session.report().workers[0]?.turns, 'the last one was not answered').toMatchObject({
      turns: 2,
      turnsAnswered: 1,
    });
  });

  it('tells a worker that asks for it when somebody speaks, beside one that hears everything', async () => {
    const { lanes, say } = await setUp([
      { name: 'scribe', listen: { ...UTTERANCES, speechEvents: true } },
      { name: 'echo', listen: { mode: 'chunk', ms: 100 } },
    ]);
    await say(10, { silent: true });
    await say(40);
    await say(25, { silent: true });
    expect(lanes.of('scribe').events.slice(1)).toEqual([
      { type: 'speech.started', ssrc: 0, timestamp: 10 * FRAME },
      { type: 'speech.ended', ssrc: 0, timestamp: 50 * FRAME, durationMs: 800 },
    ]);
    expect(lanes.of('scribe').packets).toHaveLength(1);
    expect(lanes.of('echo').events.slice(1)).toEqual([]);
    expect(lanes.of('echo').packets.length).toBeGreaterThan(10);
  });

  it('sends what somebody said whose frames stay away once he is silent', async () => {
    const { lanes, say, clock } = await setUp([{ name: 'parrot', listen: UTTERANCES }], 'unmixed');
    await say(30, { by: '4:+1' });
    await clock.advance(1_000);
    expect(lanes.of('parrot').packets).toMatchObject([{ ssrc: 1, timestamp: 0 }]);
  });

  it('tells three people who speak at once apart', async () => {
    const { lanes, session, clock } = await setUp([{ name: 'parrot', listen: UTTERANCES }], 'unmixed');
    const people = ['4:+1', '8:acs:b', '4:+3'];
    const said = people.map((_, person) =>
      speechLike(FRAME * 40, 16_000, { seed: person + 1, hasPauses: false }),
    );
    for (let i = 0; i < 40; i += 1) {
      people.forEach((by, person) => {
        const pcm = new Uint8Array(
          said[person]?.slice(i * FRAME, (i + 1) * FRAME).buffer ?? new ArrayBuffer(0),
        );
        session.receive(audioData(pcm, { participantRawID: by }), false);
      });
      await clock.advance(20);
    }
    await clock.advance(1_000);
    const lane = lanes.of('parrot');
    expect(lane.events.slice(1)).toEqual(
      people.map((rawId, i) => ({ type: 'participant', ssrc: i + 1, rawId })),
    );
    expect(lane.packets.map(({ ssrc }) => ssrc).sort()).toEqual([1, 2, 3]);
    for (const { ssrc, payload } of lane.packets) {
      const all = new Uint8Array(said[ssrc - 1]?.slice().buffer ?? new ArrayBuffer(0));
      expect(
        Buffer.from(payload).equals(Buffer.from(all.subarray(0, payload.byteLength))),
        `SSRC ${ssrc}`,
      ).toBe(true);
    }
  });

  it('sends what is being said when the stream ends, and then the end', async () => {
    const { lanes, say, session } = await setUp([
      { name: 'parrot', listen: { ...UTTERANCES, speechEvents: true } },
    ]);
    await say(30);
    session.socketClosed();
    await settled();
    const { sent } = lanes.of('parrot');
    expect(sent.slice(-2)).toMatchObject([
      { audio: { timestamp: 0 } },
      { event: { type: 'call.ended', reason: 'stream ended' } },
    ]);
    await session.ended;
  });

  it('tells workers of a key in the order of the plan', async () => {
    const names = ['first', 'second', 'third'];
    const { lanes, session } = await setUp(names.map((name) => ({ name, listen: UTTERANCES })));
    const told: string[] = [];
    for (const name of names) {
      const lane = lanes.of(name);
      const send = lane.sendEvent.bind(lane);
      lane.sendEvent = (event) => {
        told.push(`${event.type} to ${name}`);
        return send(event);
      };
    }
    session.receive(dtmf('#'), false);
    expect(told).toEqual(names.map((name) => `dtmf to ${name}`));
  });

  it('leaves no timer behind', async () => {
    const { clock, say, session } = await setUp([{ name: 'parrot', listen: UTTERANCES }]);
    await say(30);
    session.socketClosed();
    await session.ended;
    await clock.advance(60_000);
    expect(clock.pending).toBe(0);
  });

  it('is interrupted in what it says as soon as the caller speaks', async () => {
    const { lanes, say, sent } = await setUp([{ name: 'parrot', listen: UTTERANCES }]);
    await say(10, { silent: true });
    lanes.of('parrot').replyAudio(new Uint8Array(320_000));
    await say(20, { silent: true });
    await say(10);
    expect(sent.at(-1)).toBe('{"kind":"StopAudio","stopAudio":{}}');
    expect(lanes.of('parrot').events.at(-1)).toMatchObject({ type: 'interrupted', turn: 1 });
  });

  it.each([
    ['white', -50],
    ['white', -30],
    ['hum of 50 Hz', -35],
    ['pink', -47],
    ['ring-back of the US', -30],
  ] as const)(
    'plays its whole greeting while the caller is %s of %d dB, and hears nobody',
    async (name, levelDb) => {
      for (const fromFrame of [0, 50]) {
        const listen = { ...UTTERANCES, speechEvents: true };
        const { lanes, session, sent, clock } = await setUp([{ name: 'parrot', listen }]);
        const line = atLevel(NOISES[name](FRAME * 300, 5), levelDb).fill(0, 0, fromFrame * FRAME);
        const greeting = new Uint8Array(32_000 * 3).fill(7);
        lanes.of('parrot').replyAudio(greeting);
        for (let at = 0; at < line.length; at += FRAME) {
          session.receive(audioData(new Uint8Array(line.slice(at, at + FRAME).buffer)), false);
          await clock.advance(20);
        }
        const heard = Buffer.concat(sent.map((text) => heardAudio(text) ?? Buffer.alloc(0)));
        expect(heard.equals(Buffer.from(greeting)), `the greeting, noise from frame ${fromFrame}`).toBe(true);
        expect(sent.filter((text) => text.includes('StopAudio'))).toEqual([]);
        const told = lanes.of('parrot').events.map(({ type }) => type);
        expect(told).not.toContain('interrupted');
        expect(told).not.toContain('speech.started');
        session.socketClosed();
        await session.ended;
        expect(lanes.of('parrot').packets, 'utterances').toEqual([]);
      }
    },
  );
});
