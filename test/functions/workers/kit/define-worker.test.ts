import { describe, expect, expectTypeOf, it } from 'vitest';
import { workers } from '../../../../functions/workers/index.ts';
import { defineWorker, WorkerDefinitionError } from '../../../../functions/workers/kit/define-worker.ts';
import type { Worker, WorkerDefinition } from '../../../../functions/workers/kit/worker.ts';
import { planSchema } from '../../../../shared/wire/call/plan-schema.ts';

const GOOD = { name: 'good', listen: { mode: 'chunk', ms: 100 }, onAudio: () => undefined } as const;

const SAYS = { onAudio: undefined, listen: { mode: 'utterance' }, onUtterance: (): undefined => undefined };

/** As JavaScript would call it: without types. */
const define = (change: object): Worker => defineWorker({ ...GOOD, ...change } as WorkerDefinition<object>);

describe('defineWorker', () => {
  it('infers the type of the state from initialState', () => {
    const counter = defineWorker({
      ...GOOD,
      initialState: () => ({ heard: 0 }),
      onAudio: (_chunk, _call, state) => {
        expectTypeOf(state).toEqualTypeOf<{ heard: number }>();
        state.heard += 1;
      },
      onDtmf: async (event, call, state) => {
        expectTypeOf(event.tone).toBeString();
        expectTypeOf(call.callId).toBeString();
        return { actions: [{ type: 'publish', text: `${state.heard}` }] };
      },
    });
    expectTypeOf(counter.initialState).toEqualTypeOf<(() => { heard: number }) | undefined>();
  });

  it('gives back a definition that nobody changes afterwards', () => {
    expect(Object.isFrozen(define({}))).toBe(true);
  });

  it('fills in what listen leaves out', () => {
    expect(defineWorker({ ...GOOD, listen: { mode: 'chunk' } }).listen).toEqual({ mode: 'chunk', ms: 100 });
    expect(define({ ...SAYS, listen: { mode: 'utterance', maxMs: 5_000 } }).listen).toEqual({
      mode: 'utterance',
      endSilenceMs: 500,
      maxMs: 5_000,
      minSpeechMs: 120,
      preRollMs: 300,
      speechEvents: false,
    });
  });

  it.each([
    [{ name: 'Good' }, /"Good": a name matches/],
    [{ name: '' }, /a name matches/],
    [{ name: 7 }, /a name matches/],
    [{ listen: { mode: 'utterance' } }, /onUtterance is missing/],
    [{ onUtterance: (): undefined => undefined }, /onUtterance is never called in the listen mode "chunk"/],
    [{ ...SAYS, onAudio: () => undefined }, /onAudio is never called in the listen mode "utterance"/],
    [
      { ...SAYS, listen: { mode: 'utterance', maxMs: 15_001 } },
      /listen\.maxMs must .* 1000 to 15000, not 15001/,
    ],
    [{ ...SAYS, listen: { mode: 'utterance', preRollMs: -1 } }, /listen\.preRollMs must .* not -1/],
    [{ ...SAYS, listen: { mode: 'utterance', endSilenceMs: 900, maxMs: 1_000 } }, /maxMs must be at least/],
    [
      { ...SAYS, listen: { mode: 'utterance', speechEvents: 1 } },
      /speechEvents must be true or false, not 1/,
    ],
    [{ ...SAYS, listen: { mode: 'utterance', volume: 3 } }, /listen: .*volume/],
    [{ listen: { mode: 'stream', ms: 60 } }, /listen: .*ms/],
    [{ listen: { mode: 'stream' }, onAudio: undefined }, /onAudio is missing/],
    [{ listen: { mode: 'nothing' } }, /listen\.mode must be "chunk", "utterance" or "stream", not "nothing"/],
    [{ listen: undefined }, /listen\.mode must be "chunk", "utterance" or "stream"/],
    [{ listen: { mode: 'chunk', ms: 19 } }, /listen\.ms must be a whole number from 20 to 2000, not 19/],
    [{ listen: { mode: 'chunk', ms: 2_001 } }, /not 2001/],
    [{ listen: { mode: 'chunk', ms: 33.3 } }, /not 33\.3/],
    [{ listen: { mode: 'chunk', ms: '100' } }, /not "100"/],
    [{ onAudio: undefined }, /onAudio is missing/],
    [{ onDtmf: 'beep' }, /onDtmf must be a function/],
    [{ initialState: { heard: 0 } }, /initialState must be a function/],
  ])('refuses %j in one sentence that names the rule', (change, message) => {
    expect(() => define(change)).toThrow(WorkerDefinitionError);
    expect(() => define(change)).toThrow(message);
  });
});

describe('the workers of this app', () => {
  it('have names of their own', () => {
    expect(new Set(workers.map(({ name }) => name)).size).toBe(workers.length);
  });

  it('can be named in the plan of a call', () => {
    const plan = { format: 'pcm16KMono', channels: 'mixed', startStreaming: true, dtmf: true };
    const listed = workers.map(({ name, listen }) => ({ name, listen }));
    expect(planSchema.parse({ ...plan, workers: listed }).workers).toEqual(listed);
  });
});
