import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bargeInOf, CHUNK_MS, UTTERANCE_MS } from '../../../../shared/call/plan.ts';
import { planSchema } from '../../../../shared/wire/call/plan-schema.ts';
import { UTTERANCES } from '../../../support/utterances.ts';

const PLAN = {
  format: 'pcm16KMono',
  channels: 'mixed',
  startStreaming: true,
  dtmf: false,
  workers: [{ name: 'echo', listen: { mode: 'chunk', ms: 100 } }],
};

const withListen = (listen: unknown): unknown => ({ ...PLAN, workers: [{ name: 'echo', listen }] });

function problemsOf(value: unknown): string {
  const { success, error } = planSchema.safeParse(value);
  return success ? '' : error.issues.map(({ message }) => message).join('; ');
}

describe('the plan', () => {
  it('is read as it was written, for every length of chunk and up to sixteen workers', () => {
    const worker = fc.record({
      name: fc.stringMatching(/^[a-z][a-z0-9-]{0,62}$/),
      listen: fc.record({ mode: fc.constant('chunk'), ms: fc.integer(CHUNK_MS) }),
    });
    return fc.assert(
      fc.property(fc.array(worker, { maxLength: 16 }), (workers) => {
        expect(planSchema.parse({ ...PLAN, workers })).toEqual({ ...PLAN, workers });
      }),
    );
  });

  it('loses members that are not known, so that a newer control app can talk to an older relay', () => {
    expect(planSchema.parse({ ...PLAN, colour: 'blue' })).toEqual(PLAN);
  });

  const withWorker = (change: object): unknown => ({ ...PLAN, workers: [{ ...PLAN.workers[0], ...change }] });

  it.each([
    [{ bargeIn: { policy: 'stop' } }],
    [{ bargeIn: { policy: 'pause', falseAfterMs: 400 }, priority: 9 }],
    [{ bargeIn: { policy: 'dtmf' }, speaks: true }],
    [{ bargeIn: { policy: 'never' }, speaks: false, priority: 0 }],
  ])('says how a worker speaks: %j', (change) => {
    expect(planSchema.parse(withWorker(change))).toEqual(withWorker(change));
  });

  it.each([
    [{ bargeIn: 'stop' }, 'bargeIn'],
    [
      { bargeIn: { policy: 'shout' } },
      'the policy must be "stop", "pause" (with falseAfterMs), "dtmf" or "never"',
    ],
    [{ bargeIn: { policy: 'pause' } }, 'falseAfterMs'],
    [{ bargeIn: { policy: 'pause', falseAfterMs: 50 } }, '100'],
    [{ bargeIn: { policy: 'stop', falseAfterMs: 400 } }, 'falseAfterMs'],
    [{ speaks: 'no' }, 'speaks'],
    [{ priority: 10 }, '9'],
    [{ priority: 1.5 }, 'int'],
  ])('refuses %j and says why', (change, why) => {
    const { error } = planSchema.safeParse(withWorker(change));
    expect(JSON.stringify(error?.issues ?? '').replaceAll('\\', '')).toContain(why);
  });

  it('lets a worker of chunks never be interrupted and any other at once, where it does not say', () => {
    const chunk = { name: 'w', listen: { mode: 'chunk', ms: 100 } } as const;
    expect(bargeInOf(chunk)).toEqual({ policy: 'never' });
    expect(bargeInOf({ ...chunk, bargeIn: { policy: 'dtmf' } })).toEqual({ policy: 'dtmf' });
    expect(bargeInOf({ name: 'w', listen: UTTERANCES })).toEqual({
      policy: 'stop',
    });
  });

  it('says which listen modes there are', () => {
    expect(problemsOf(withListen({ mode: 'streams' }))).toContain('"chunk", "utterance" or "stream"');
  });

  it('is read as it was written for utterances, complete', () => {
    expect(planSchema.parse(withListen(UTTERANCES))).toEqual(withListen(UTTERANCES));
    expect(problemsOf(withListen({ mode: 'utterance' })), 'the ticket leaves nothing to defaults').not.toBe(
      '',
    );
  });

  it.each(Object.entries(UTTERANCE_MS))('keeps %s of an utterance within its bounds', (member, bounds) => {
    const { min, max } = bounds;
    for (const wrong of [min - 1, max + 1, min + 0.5, `${min}`]) {
      expect(problemsOf(withListen({ ...UTTERANCES, [member]: wrong })), `${member} ${wrong}`).not.toBe('');
    }
  });

  it('refuses an utterance that has no room for what it is made of', () => {
    expect(problemsOf(withListen({ ...UTTERANCES, maxMs: 1_000 }))).toBe(
      'maxMs must be at least preRollMs + 2 * minSpeechMs + endSilenceMs, which is 1040, not 1000',
    );
  });

  it.each([[CHUNK_MS.min - 1], [CHUNK_MS.max + 1], [100.5], ['100'], [undefined]])(
    'refuses a chunk length of %s ms',
    (ms) => {
      expect(problemsOf(withListen({ mode: 'chunk', ms }))).not.toBe('');
    },
  );

  it('reads how audio travels to a worker, and refuses what no lane speaks', () => {
    const withCodec = (codec: string) => ({ ...PLAN, workers: [{ ...PLAN.workers[0], codec }] });
    for (const codec of ['pcm16', 'pcmu'])
      expect(planSchema.parse(withCodec(codec))).toEqual(withCodec(codec));
    expect(problemsOf(withCodec('opus'))).not.toBe('');
  });

  it('names the rule for the name of a worker', () => {
    const workers = [{ name: 'Echo Worker', listen: { mode: 'chunk', ms: 100 } }];
    expect(problemsOf({ ...PLAN, workers })).toContain('lower case, digits, hyphens');
  });

  it.each([
    [{ format: 'pcm48KMono' }],
    [{ channels: 'stereo' }],
    [{ startStreaming: 'yes' }],
    [{ dtmf: undefined }],
    [{ workers: Array.from({ length: 17 }, () => PLAN.workers[0]) }],
  ])('is refused with %j', (change) => {
    expect(problemsOf({ ...PLAN, ...change })).not.toBe('');
  });
});
