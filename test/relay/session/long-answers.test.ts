import { describe, expect, it } from 'vitest';
import { PlayError } from '../../../functions/workers/kit/player.ts';
import type { ChunkWorkerDefinition } from '../../../functions/workers/kit/worker.ts';
import { LONGEST_SPEECH_MS } from '../../../shared/call/plan.ts';
import { callWith, fakeKitTimers, SAMPLES_PER_MS, said } from './handler-fixture.ts';

const LONGEST_HANDLER_MS = 25_000;

fakeKitTimers();

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
    expect(app.errors.map(String), 'once for each handler whose audio is dropped').toEqual([
      expect.stringMatching(why),
      expect.stringMatching(why),
    ]);
    expect(session.report()).toMatchObject({ ignored: { 'reply: playout is full': 2 } });
  });

  it('is refused to the handler that said it, and to no later one', async () => {
    const errors: string[] = [];
    const { press, pass, say, app } = await callWith({
      onDtmf: (_event, call) => call.play(said(LONGEST_SPEECH_MS)),
      async onMessage({ data }, call) {
        if (data === 'too much') {
          // It has returned by the time that the relay refuses this.
          void call.play(said(1_000));
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, 100));
        await call.play(said(20)).catch((error: unknown) => errors.push(String(error)));
      },
    });
    await press('1');
    await say('too much');
    // Now there is room for what the later handler says.
    await pass(1_000);
    await say('a little');
    await pass(200);
    expect(errors).toEqual([]);
    expect(app.errors.map(String)).toEqual([expect.stringContaining('the relay drops')]);
    expect(app.outcomes.at(-1)).toBe('silent');
  });

  it.each<[string, Partial<ChunkWorkerDefinition<object>>['onDtmf']]>([
    ['replies at once', ({ tone }) => (tone === '1' ? said(LONGEST_SPEECH_MS) : undefined)],
    ['replies later', async ({ tone }) => (tone === '1' ? said(LONGEST_SPEECH_MS) : undefined)],
  ])('ends with an interruption, when it %s in many messages; the state is kept', async (_, onDtmf) => {
    const { press, pass, app, published } = await callWith({
      initialState: () => ({ keys: '' }),
      onDtmf(event, call, state: { keys: string }) {
        state.keys += event.tone;
        return onDtmf?.(event, call, state);
      },
    });
    published.everyMs = 200;
    await press('1');
    await pass(1_000);
    await press('2');
    await pass(1_000);
    expect(app.outcomes).toEqual(['silent', 'silent', 'silent', 'silent']);
    expect(app.errors).toEqual([]);
    expect(published.messages, 'of 63').toBeLessThan(10);
    const { s } = JSON.parse(Buffer.from(app.connectionState ?? '', 'base64').toString());
    expect(s).toEqual({ keys: '12' });
  });

  it('has a limit in all, and not for each of its messages alone', async () => {
    const { press, pass, app, published, session } = await callWith({
      onDtmf: () => said(LONGEST_SPEECH_MS),
    });
    published.everyMs = 5_000;
    await press('1');
    for (let i = 0; i < 26; i += 1) await pass(1_000);
    expect(app.outcomes).toEqual(['silent', 'failed']);
    expect(String(app.errors[0])).toContain(`longer than ${LONGEST_HANDLER_MS} ms, what it says included`);
    expect(session.report().workers[0]).toMatchObject({ eventsFailed: 1 });
    const { messages } = published;
    await pass(60_000);
    expect(published.messages, 'nothing more is sent').toBe(messages);
  });
});
