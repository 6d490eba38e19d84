import { describe, expect, it, vi } from 'vitest';
import { InterruptedError } from '../../../functions/workers/kit/player.ts';
import type { Call } from '../../../functions/workers/kit/worker.ts';
import { settled } from '../relay-clock.ts';
import { callWith, fakeKitTimers, said } from './handler-fixture.ts';

const LEAVE_LIMIT_MS = 500;
const LONGEST_HANDLER_MS = 25_000;

fakeKitTimers();

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

  it('plays, publishes, requests and hangs up no more once it has returned, and loses no answer of the next', async () => {
    const late: unknown[] = [];
    let before: Call | undefined;
    const { press, pass, socket, session, app } = await callWith({
      async onDtmf({ tone }, call) {
        if (tone === '1') {
          before = call;
          return undefined;
        }
        return await call.play(said(100, 9));
      },
    });
    await press('1');
    if (before === undefined) return expect.unreachable();
    for (const act of [
      before.play(said(100, 8)),
      before.publish('late'),
      before.hangUp(),
      before.hangUp({ after: 'played' }),
    ])
      late.push(await act.catch(String));
    const rule = 'after the handler has returned: in a function app a worker acts on its call only while';
    expect(late).toEqual([
      expect.stringContaining(`HandlerReturnedError: play ${rule}`),
      expect.stringContaining(`HandlerReturnedError: publish ${rule}`),
      expect.stringContaining(`HandlerReturnedError: a request about the call ${rule}`),
      expect.stringContaining(`HandlerReturnedError: hangUp ${rule}`),
    ]);
    expect(app.late, 'the log says it too, since nobody need await what is played').toEqual([
      expect.stringContaining(rule),
    ]);
    await press('2');
    await pass(200);
    expect(socket.audio.equals(Buffer.from(said(100, 9).buffer)), 'the answer, and nothing else').toBe(true);
    expect(session.report().ignored).toEqual({});
  });
});
