import { describe, expect, it, vi } from 'vitest';
import type { ChunkWorkerDefinition } from '../../../functions/workers/kit/worker.ts';
import { problem } from '../../../shared/wire/api/problem.ts';
import { settled } from '../relay-clock.ts';
import { callWith, fakeKitTimers, SAMPLES_PER_MS, said } from './handler-fixture.ts';

const ON_ITS_WAY_MS = 300;

fakeKitTimers();

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
