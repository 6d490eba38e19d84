import { describe, expect, it } from 'vitest';
import { parseRoutes, RoutesError } from '../../shared/protocol/routes-schema.ts';

function problemsOf(value: unknown): readonly string[] {
  try {
    parseRoutes(value);
  } catch (error) {
    if (error instanceof RoutesError) return error.problems;
    throw error;
  }
  throw new Error('these routes were accepted');
}

describe('CALL_ROUTES', () => {
  it('fills in what a route leaves out', () => {
    expect(parseRoutes([{ name: 'everyone', workers: [{ name: 'echo' }] }])).toEqual([
      {
        name: 'everyone',
        match: {},
        action: 'answer',
        plan: {
          format: 'pcm16KMono',
          channels: 'mixed',
          startStreaming: true,
          dtmf: false,
          workers: [{ name: 'echo', listen: { mode: 'chunk', ms: 100 } }],
        },
      },
    ]);
  });

  it('takes every member, and keeps the order of routes', () => {
    const routes = parseRoutes([
      { name: 'blocked', match: { from: '+1900*' }, action: 'reject' },
      {
        name: 'robot line',
        match: { to: '+14255550104' },
        format: 'pcm24KMono',
        channels: 'unmixed',
        startStreaming: false,
        dtmf: true,
        workers: [
          { name: 'robot', listen: { mode: 'chunk' } },
          { name: 'echo', listen: { mode: 'chunk', ms: 20 } },
        ],
      },
    ]);
    expect(routes.map(({ name, action }) => [name, action])).toEqual([
      ['blocked', 'reject'],
      ['robot line', 'answer'],
    ]);
    expect(routes[1]?.match).toEqual({ to: '+14255550104' });
    expect(routes[1]?.plan).toEqual({
      format: 'pcm24KMono',
      channels: 'unmixed',
      startStreaming: false,
      dtmf: true,
      workers: [
        { name: 'robot', listen: { mode: 'chunk', ms: 100 } },
        { name: 'echo', listen: { mode: 'chunk', ms: 20 } },
      ],
    });
  });

  it('reports every problem at once, with index and member', () => {
    const problems = problemsOf([
      { name: 'a', match: { from: '+1*2' }, workers: [{ name: 'Echo' }] },
      { format: 'mp3', workers: [{ name: 'echo', listen: { mode: 'streams' } }], color: 'red' },
      { name: 'a', workers: [{ name: 'echo' }, { name: 'echo', listen: { mode: 'chunk', ms: 5 } }] },
    ]);
    for (const member of [
      'routes[0].match.from',
      'routes[0].workers[0].name',
      'routes[1].name',
      'routes[1].format',
      'routes[1].workers[0].listen.mode',
      'routes[1].color',
      'routes[2].name',
      'routes[2].workers[1].name',
      'routes[2].workers[1].listen.ms',
    ])
      expect(
        problems.filter((problem) => problem.startsWith(member)),
        member,
      ).toHaveLength(1);
    expect(problems).toHaveLength(9);
  });

  it('fills in what a worker of utterances leaves out', () => {
    const [route] = parseRoutes([
      { name: 'a', workers: [{ name: 'w', listen: { mode: 'utterance', endSilenceMs: 700 } }] },
    ]);
    expect(route?.plan.workers[0]?.listen).toEqual({
      mode: 'utterance',
      endSilenceMs: 700,
      maxMs: 15_000,
      minSpeechMs: 120,
      preRollMs: 300,
      speechEvents: false,
    });
  });

  it('takes how workers speak, and refuses one that waits for keys which the route does not send', () => {
    const workers = [{ name: 'w', bargeIn: { policy: 'dtmf' }, speaks: true, priority: 2 }];
    expect(parseRoutes([{ name: 'a', dtmf: true, workers }])[0]?.plan.workers).toEqual([
      { ...workers[0], listen: { mode: 'chunk', ms: 100 } },
    ]);
    expect(problemsOf([{ name: 'a', workers }])).toEqual([
      'routes[0].workers[0].bargeIn: the policy "dtmf" needs "dtmf": true on the route',
    ]);
    expect(
      problemsOf([{ name: 'a', workers: [null, 7, { name: 'w', bargeIn: null }] }]).length,
    ).toBeGreaterThan(0);
  });

  it('lets a worker listen to the stream', () => {
    const listen = { mode: 'stream' };
    expect(parseRoutes([{ name: 'a', workers: [{ name: 'w', listen }] }])[0]?.plan?.workers).toEqual([
      { name: 'w', listen },
    ]);
  });

  it('names the member that leaves no room for an utterance', () => {
    const listen = { mode: 'utterance', maxMs: 1_000, endSilenceMs: 900 };
    expect(problemsOf([{ name: 'a', workers: [{ name: 'w', listen }] }])).toEqual([
      'routes[0].workers[0].listen.maxMs: maxMs must be at least preRollMs + 2 * minSpeechMs + endSilenceMs, which is 1440, not 1000',
    ]);
  });

  it.each([
    ['no array', { name: 'a' }],
    ['nothing', undefined],
    ['no route', []],
    ['something that is no route', ['a', null]],
  ])('refuses %s', (_what, value) => {
    expect(problemsOf(value).length).toBeGreaterThan(0);
  });
});
