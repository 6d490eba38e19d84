/**
 * The session of the relay and the kit of the workers, joined in memory as Web PubSub joins them: one event at a time,
 * the state of a lane with each, and groups beside them.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ON_ITS_WAY_MS } from '../../../functions/workers/kit/call-actions.ts';
import { defineWorker } from '../../../functions/workers/kit/define-worker.ts';
import { handleLaneEvent } from '../../../functions/workers/kit/lane-event.ts';
import { InterruptedError, PlayError } from '../../../functions/workers/kit/player.ts';
import type { LaneResponse } from '../../../functions/workers/kit/run-event.ts';
import {
  LEAVE_LIMIT_MS,
  type Listen,
  LONGEST_HANDLER_MS,
} from '../../../functions/workers/kit/running-handler.ts';
import type { ChunkWorkerDefinition } from '../../../functions/workers/kit/worker.ts';
import { LONGEST_SPEECH_MS } from '../../../shared/call/plan.ts';
import { problem } from '../../../shared/wire/api/problem.ts';
import type { LaneEvent } from '../../../shared/wire/lane/worker-messages.ts';
import type { ScriptedLane } from '../lane/scripted-lane.ts';
import { dtmf } from '../listen/acs-messages.ts';
import { settled } from '../relay-clock.ts';
import { CALL_ID, sessionFixture } from './session-fixture.ts';

const SAMPLES_PER_MS = 16;

const CONTROL = { url: 'https://control.example', token: 'token', peer: '4:+14255550100' };

/** Samples that are not silence. */
const said = (ms: number, value = 7): Int16Array => new Int16Array(ms * SAMPLES_PER_MS).fill(value);

beforeEach(() => {
  // The timers of the kit. The relay has a clock of its own, which needs `setImmediate`.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

interface Heard {
  readonly outcomes: LaneResponse['outcome'][];
  readonly errors: unknown[];
  /** What the worker would find with its next event. */
  connectionState: string | undefined;
}

/** A worker in a function app at the other end of a scripted lane. @param joinsAfterMs how long it takes to listen */
function functionApp<S extends object>(
  lane: ScriptedLane,
  members: Partial<ChunkWorkerDefinition<S>>,
  joinsAfterMs = 0,
): Heard {
  const worker = defineWorker({
    name: 'echo',
    listen: { mode: 'chunk', ms: 100 },
    onAudio: () => undefined,
    ...members,
  } as ChunkWorkerDefinition<S>);
  const app: Heard = { outcomes: [], errors: [], connectionState: undefined };
  const listeners = new Set<(event: LaneEvent) => void>();
  const listen: Listen = ({ turn }, heard) => {
    const timer = setTimeout(() => {
      listeners.add(heard);
      lane.replyJson({ type: 'listening', turn }, 'group');
    }, joinsAfterMs);
    return () => {
      clearTimeout(timer);
      listeners.delete(heard);
    };
  };
  const publish = async (_: string, message: Uint8Array | object): Promise<void> => {
    if (message instanceof Uint8Array) lane.replyBytes(message, 'group');
    else lane.replyJson(message, 'group');
  };
  const handle = async (event: LaneEvent): Promise<void> => {
    const request = {
      callId: CALL_ID,
      contentType: 'application/json',
      body: Buffer.from(
        JSON.stringify(event.type === 'call.started' ? { ...event, control: CONTROL } : event),
      ),
      connectionState: app.connectionState,
    };
    const response = await handleLaneEvent(worker, request, { publish, listen });
    app.connectionState = response.connectionState ?? app.connectionState;
    app.outcomes.push(response.outcome);
    if (response.error !== undefined) app.errors.push(response.error);
    const { body } = response.message ?? {};
    if (typeof body === 'string') lane.replyJson(JSON.parse(body));
    else if (body !== undefined) lane.replyBytes(body);
    lane.acknowledge();
  };
  let sent = 0;
  let told = 0;
  lane.onOutgoing = () => {
    for (const event of lane.told.slice(told)) for (const heard of listeners) heard(event);
    told = lane.told.length;
    for (const message of lane.sent.slice(sent)) {
      sent += 1;
      if ('event' in message) queueMicrotask(() => void handle(message.event));
      else throw new Error('this call has no audio');
    }
  };
  return app;
}

/** A call whose keys interrupt the worker. */
async function callWith<S extends object>(members: Partial<ChunkWorkerDefinition<S>>, joinsAfterMs = 0) {
  const test = sessionFixture({ bargeIn: { policy: 'dtmf' }, jitterBufferMs: 0 });
  const lane = test.lanes.of('echo');
  const app = functionApp(lane, members, joinsAfterMs);
  lane.started();
  await settled();
  return {
    ...test,
    app,
    async press(tone: string): Promise<void> {
      test.receive(dtmf(tone));
      await settled();
    },
    /** Somebody outside the call sends the worker a message, which interrupts nothing. */
    async say(data: string): Promise<void> {
      let isDone = false;
      const done = test.control({ type: 'message', data }).finally(() => {
        isDone = true;
      });
      for (; !isDone; await settled()) await vi.advanceTimersByTimeAsync(1);
      await done;
    },
    /** Both the relay and the worker app let time pass. */
    async pass(ms: number): Promise<void> {
      await vi.advanceTimersByTimeAsync(ms);
      await test.clock.advance(ms);
    },
  };
}

/** What a handler of the tests knows of its end. */
interface Ending {
  readonly tone: string;
  readonly reason: unknown;
  readonly played: PromiseSettledResult<void>[];
}

describe('a handler in a function app that plays, and is interrupted', () => {
  it.each([
    ['which listens by then', 0],
    ['which begins to listen after that', 100],
  ])('%s, learns of it at once, and the next event is served', async (_, joinsAfterMs) => {
    const endings: Ending[] = [];
    const events: string[] = [];
    const { press, pass, session, app } = await callWith(
      {
        initialState: () => ({ served: '' }),
        async onDtmf({ tone }, call, state) {
          events.push(`key ${tone} in turn ${call.turn} after "${state.served}"`);
          state.served += tone;
          if (tone !== '1') return;
          const over = Promise.withResolvers<void>();
          const { signal } = call;
          signal.addEventListener('abort', () => over.resolve());
          const first = call.play(said(6_000));
          await over.promise;
          const later = call.play(said(100, 8));
          endings.push({ tone, reason: signal.reason, played: await Promise.allSettled([first, later]) });
        },
        onInterrupted: ({ turn, playedMs }) => void events.push(`turn ${turn} after ${playedMs} ms`),
      },
      joinsAfterMs,
    );
    await press('1');
    await pass(joinsAfterMs === 0 ? 2_000 : 40);
    await press('2');
    await pass(joinsAfterMs);
    const playedMs = joinsAfterMs === 0 ? 2_000 : 40;
    expect(endings).toEqual([
      {
        tone: '1',
        reason: expect.objectContaining({
          name: 'InterruptedError',
          reason: 'interrupted',
          turn: 1,
          playedMs,
        }),
        played: [
          { status: 'fulfilled', value: undefined },
          { status: 'rejected', reason: expect.any(InterruptedError) },
        ],
      },
    ]);
    expect(events, 'a handler that returns in time keeps its state').toEqual([
      'key 1 in turn 0 after ""',
      `turn 1 after ${playedMs} ms`,
      'key 2 in turn 1 after "1"',
    ]);
    expect(app.errors).toEqual([]);
    expect(session.report()).toMatchObject({ interruptions: 1, workers: [{ eventsFailed: 0 }] });
    expect(session.report().ignored, 'nothing was said into the turn after it').toEqual({});
  });

  it('and goes on with its own work: the next event waits a moment, and the state of the old one is discarded', async () => {
    const model = Promise.withResolvers<void>();
    const events: string[] = [];
    const late: unknown[] = [];
    const { press, pass, session, socket, app } = await callWith({
      initialState: () => ({ served: '' }),
      async onDtmf({ tone }, call, state) {
        events.push(`key ${tone} after "${state.served}"`);
        state.served += tone;
        if (tone !== '1') return said(20, 9);
        await call.play(said(1_000));
        await model.promise;
        state.served += ' late';
        await call.play(said(1_000, 8)).catch((error: unknown) => late.push(error));
        await call.hangUp().catch((error: unknown) => late.push(error));
        return said(1_000, 8);
      },
    });
    await press('1');
    await pass(500);
    await press('2');
    expect(events).toEqual(['key 1 after ""']);
    await pass(LEAVE_LIMIT_MS);
    expect(events, 'long before the handler ends').toEqual(['key 1 after ""', 'key 2 after ""']);
    expect(app.outcomes).toEqual(['silent', 'interrupted', 'silent', 'replied']);
    model.resolve();
    await settled();
    expect(late[0]).toMatchObject({ name: 'InterruptedError', turn: 1, playedMs: 500 });
    expect(late[1]).toBeInstanceOf(Error);
    expect(app.errors).toEqual([]);
    await press('3');
    expect(events.at(-1), 'nothing of the old handler').toBe('key 3 after "2"');
    expect(socket.audio.includes(Buffer.from(said(20, 8).buffer)), 'nothing of the old answer').toBe(false);
    expect(session.report().ignored).toEqual({});
  });

  it('and does not catch that, is no failure, also where it does not await what it plays', async () => {
    const { press, pass, session, app } = await callWith({
      async onDtmf(_event, call) {
        void call.play(said(6_000));
        await new Promise((_resolve, reject) => {
          call.signal.addEventListener('abort', () => reject(new Error('stopped')));
        });
      },
    });
    await press('1');
    await pass(100);
    await press('2');
    expect(app.outcomes).toEqual(['silent', 'interrupted', 'silent']);
    expect(app.errors).toEqual([]);
    expect(session.report().workers[0]).toMatchObject({ eventsFailed: 0 });
  });

  it('and only thinks while an answer before it is heard, makes way too', async () => {
    const { press, pass, say, app } = await callWith({
      onDtmf: ({ tone }) => (tone === '1' ? said(20_000) : undefined),
      onMessage: () => new Promise(() => {}),
    });
    await press('1');
    await say('something to think about');
    await pass(500);
    await press('2');
    await pass(500 + LEAVE_LIMIT_MS);
    expect(app.outcomes).toEqual(['silent', 'replied', 'interrupted', 'silent', 'silent']);
    expect(app.errors).toEqual([]);
  });

  it('hears of the end of the call, and so does onCallEnded', async () => {
    const ended: string[] = [];
    const { press, pass, session } = await callWith({
      async onDtmf(_event, call) {
        await call.play(said(6_000));
        await new Promise<void>((resolve) => {
          call.signal.addEventListener('abort', () => {
            ended.push(String(call.signal.reason));
            resolve();
          });
        });
      },
      onCallEnded: ({ reason }) => void ended.push(reason),
    });
    await press('1');
    await pass(100);
    session.socketClosed();
    await settled();
    expect(ended).toEqual(['InterruptedError: the call has ended for this worker', 'stream ended']);
    await session.ended;
  });

  it('may take longer than others, but not for ever; then it plays no more, and is told why', async () => {
    const late: unknown[] = [];
    const { press, pass, app, session } = await callWith({
      async onDtmf({ tone }, call) {
        const until = tone === '1' ? 20 : 40;
        for (let seconds = 0; seconds < until; seconds += 1) {
          await call.play(said(1_000)).catch((error: unknown) => late.push(error));
          await new Promise((resolve) => setTimeout(resolve, 1_000));
        }
      },
    });
    await press('1');
    for (let i = 0; i < 25; i += 1) await pass(1_000);
    expect(app.outcomes, 'twenty seconds').toEqual(['silent', 'silent']);
    expect(session.report()).toMatchObject({ audioMsOut: 20_000, workers: [{ eventsFailed: 0 }] });
    await press('2');
    for (let i = 0; i < 30; i += 1) await pass(1_000);
    expect(String(app.errors[0])).toContain(`longer than ${LONGEST_HANDLER_MS} ms`);
    expect(late[0]).toBe(app.errors[0]);
    expect(session.report()).toMatchObject({ audioMsOut: 45_000, workers: [{ eventsFailed: 1 }] });
  });
});

describe('what a worker says at length', () => {
  const long = 150_000;

  it.each<[string, Partial<ChunkWorkerDefinition<object>>]>([
    ['plays', { onDtmf: (_event, call) => call.play(said(long)) }],
    ['replies', { onDtmf: () => said(long) }],
    [
      'gives as an action',
      {
        onDtmf: () => {
          const audio = Buffer.from(said(long).buffer).toString('base64');
          return { actions: [{ type: 'play', format: 'pcm16KMono', audio }] };
        },
      },
    ],
  ])('is heard whole when it %s two and a half minutes', async (_, members) => {
    const { press, clock, session, socket, app } = await callWith(members);
    await press('1');
    await clock.advance(long + 1_000);
    expect(app.errors).toEqual([]);
    expect(socket.audio.byteLength / 2 / SAMPLES_PER_MS).toBe(long);
    expect(session.report()).toMatchObject({ audioMsDropped: 0, ignored: {} });
  });

  it('is refused at once beyond ten minutes, by what is played, what is replied and what is an action', async () => {
    const errors: unknown[] = [];
    const audio = Buffer.from(said(LONGEST_SPEECH_MS + 200).buffer).toString('base64');
    const { press, app, socket } = await callWith({
      async onDtmf({ tone }, call) {
        if (tone === '1') {
          await call.play(said(1_000));
          await call.play(said(LONGEST_SPEECH_MS)).catch((error: unknown) => errors.push(error));
        }
        if (tone === '2') return said(LONGEST_SPEECH_MS + 100);
        if (tone !== '3') return undefined;
        return { actions: [{ type: 'play', format: 'pcm16KMono', audio }] };
      },
    });
    await press('1');
    expect(errors[0]).toBeInstanceOf(PlayError);
    expect(String(errors[0])).toContain('at most 600000 ms of audio, and with this it is 601000 ms');
    await press('2');
    await press('3');
    expect(app.errors.map(String)).toEqual([
      expect.stringContaining('at most 600000 ms of audio, and with this it is 600100 ms'),
      expect.stringContaining('at most 600000 ms of audio, and with this it is 600200 ms'),
    ]);
    expect(socket.audio.byteLength, 'nothing of what is refused').toBeLessThan(3_000 * SAMPLES_PER_MS * 2);
  });

  it('is refused by the relay while ten minutes of it wait; the handler learns why, and so does the log', async () => {
    const errors: unknown[] = [];
    const { press, pass, say, app, session } = await callWith({
      onDtmf: (_event, call) => call.play(said(LONGEST_SPEECH_MS)),
      async onMessage({ data }, call) {
        await call.play(said(1_000));
        await new Promise((resolve) => setTimeout(resolve, 10));
        if (data === 'more') await call.play(said(1_000)).catch((error: unknown) => errors.push(error));
      },
    });
    await press('1');
    await say('more');
    await pass(10);
    await say('again');
    await pass(10);
    expect(errors).toEqual([expect.any(PlayError)]);
    const why = /the relay drops .* \(playout is full\): it holds at most 600000 ms, and \d+ ms wait/;
    expect(String(errors[0])).toMatch(why);
    expect(app.errors.map(String), 'once for each run of audio that is dropped').toEqual([
      expect.stringMatching(why),
    ]);
    expect(session.report()).toMatchObject({ ignored: { 'reply: playout is full': 2 } });
  });
});

describe('a handler that is over', () => {
  it('publishes nothing more', async () => {
    const late = Promise.withResolvers<unknown>();
    const { press, session } = await callWith({
      async onDtmf(_event, call) {
        await call.publish('at work');
        await new Promise((resolve) => setTimeout(resolve, LONGEST_HANDLER_MS));
        late.resolve(await call.publish('late').catch(String));
      },
    });
    await press('1');
    await vi.advanceTimersByTimeAsync(LONGEST_HANDLER_MS);
    expect(await late.promise).toMatch(/the handler took longer than 10000 ms/);
    expect(session.report().workers[0]).toMatchObject({ published: 1 });
  });
});

describe('a worker that says goodbye and hangs up after it was played', () => {
  const GOODBYE_MS = 3_000;

  /** What the control app is asked. The caller is always faster. */
  function control(): string[] {
    const asked: string[] = [];
    vi.stubGlobal('fetch', async (input: string | URL | Request) => {
      asked.push(new URL(input instanceof Request ? input.url : input).pathname);
      return new Response(JSON.stringify(problem('call-ended', 'it has ended')), {
        status: 409,
        headers: { 'content-type': 'application/problem+json' },
      });
    });
    return asked;
  }

  it.each<[string, Partial<ChunkWorkerDefinition<object>>]>([
    [
      'plays it',
      {
        async onDtmf(_event, call) {
          await call.play(said(GOODBYE_MS));
          await call.hangUp({ after: 'played' });
        },
      },
    ],
    [
      'replies it',
      {
        async onDtmf(_event, call) {
          await call.hangUp({ after: 'played', forEveryone: false });
          return said(GOODBYE_MS);
        },
      },
    ],
  ])('is heard whole when it %s, and the call ends then', async (_, members) => {
    const asked = control();
    const { press, pass, socket, app } = await callWith(members);
    await press('1');
    await pass(GOODBYE_MS - 1);
    expect(asked).toEqual([]);
    await pass(1);
    await pass(ON_ITS_WAY_MS);
    await settled();
    expect(asked).toEqual([expect.stringContaining('hang-up')]);
    expect(socket.audio.byteLength / 2 / SAMPLES_PER_MS).toBe(GOODBYE_MS);
    expect(app.errors).toEqual([]);
  });

  it('hangs up soon when nothing is left to be heard', async () => {
    const asked = control();
    const { press, pass } = await callWith({ onDtmf: (_event, call) => call.hangUp({ after: 'played' }) });
    await press('1');
    await pass(ON_ITS_WAY_MS);
    await settled();
    expect(asked).toHaveLength(1);
  });

  it('stays on the call when the caller interrupts the goodbye, or its handler fails', async () => {
    const asked = control();
    const { press, pass } = await callWith({
      async onDtmf({ tone }, call) {
        if (tone === '2') return;
        await call.play(said(GOODBYE_MS));
        await call.hangUp({ after: 'played' });
        if (tone === '3') throw new Error('as the test wants it');
      },
    });
    await press('1');
    await pass(1_000);
    await press('2');
    await pass(GOODBYE_MS);
    await press('3');
    await pass(2 * GOODBYE_MS);
    expect(asked).toEqual([]);
  });

  it('hangs up although the stream ends before all of it was heard', async () => {
    const asked = control();
    const { press, pass, session } = await callWith({
      async onDtmf(_event, call) {
        await call.play(said(GOODBYE_MS));
        await call.hangUp({ after: 'played' });
      },
    });
    await press('1');
    await pass(1_000);
    session.socketClosed();
    await pass(ON_ITS_WAY_MS);
    await settled();
    expect(asked).toHaveLength(1);
  });

  it('learns at once of another word for "played"', async () => {
    const { press, app } = await callWith({
      onDtmf: (_event, call) => call.hangUp({ after: 'dinner' as 'played' }),
    });
    await press('1');
    expect(String(app.errors[0])).toBe('RangeError: hangUp: after must be "played", not "dinner"');
  });
});
