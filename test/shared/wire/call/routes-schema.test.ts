import { describe, expect, it } from 'vitest';
import { planSchema } from '../../../../shared/wire/call/plan-schema.ts';
import { parseRoutes, RoutesError } from '../../../../shared/wire/call/routes-schema.ts';

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

describe('routes that do more than answer', () => {
  it('say where to, why, when, how long, how many', () => {
    const [desk] = parseRoutes([
      {
        name: 'desk',
        match: {
          direction: 'inbound',
          sipHeaders: { 'X-MS-Custom-Tenant': 'contoso' },
          time: { timeZone: 'Europe/Berlin', days: ['mon'], from: '08:30', to: '24:00' },
          percentage: 12.5,
        },
        maxMinutes: 30,
        idleSeconds: 60,
        storeTranscripts: true,
        capacity: 2,
        transcription: { url: 'wss://listener.example/words', locale: 'en-US' },
        onStreamingFailed: { play: { kind: 'text', text: 'Sorry.', locale: 'en-US' } },
      },
    ]);
    expect(desk).toMatchObject({
      match: { time: { timeZone: 'Europe/Berlin', days: ['mon'], from: 510, to: 1_440 }, percentage: 12.5 },
      maxCallMs: 1_800_000,
      capacity: 2,
      transcription: { transportUrl: 'wss://listener.example/words', locale: 'en-US' },
      onStreamingFailed: { play: { kind: 'text' } },
      plan: { idleMs: 60_000, storeTranscripts: true },
    });
    expect(planSchema.parse(desk?.plan), 'as it travels in the ticket').toEqual(desk?.plan);
    const [plain] = parseRoutes([{ name: 'plain' }]);
    expect(plain?.plan, 'words that somebody spoke are live only').not.toHaveProperty('storeTranscripts');
    const actions = parseRoutes([
      { name: 'a', action: 'reject', rejectReason: 'busy' },
      { name: 'b', action: 'redirect', redirectTo: '+14255550123' },
      { name: 'c', action: 'ring' },
    ]);
    expect(actions).toMatchObject([
      { rejectReason: 'busy' },
      { redirectTo: '4:+14255550123' },
      { action: 'ring' },
    ]);
  });

  it.each([
    [{ action: 'redirect' }, 'routes[0].redirectTo: is missing'],
    [{ redirectTo: '+14255550123' }, 'routes[0].redirectTo: belongs to the action "redirect"'],
    [{ action: 'redirect', redirectTo: 'Bob' }, 'routes[0].redirectTo: must be a telephone number'],
    [{ rejectReason: 'busy' }, 'routes[0].rejectReason: belongs to the action "reject"'],
    [{ match: { time: { timeZone: 'Mars/Base' } } }, 'routes[0].match.time.timeZone: must be a time zone'],
    [{ match: { time: { timeZone: 'UTC', from: '9:00' } } }, 'routes[0].match.time.from: must be a time'],
    [{ match: { percentage: 101 } }, 'routes[0].match.percentage'],
    [{ match: { direction: 'outbound' }, action: 'ring' }, 'an outbound call can be answered'],
    [
      { transcription: { url: 'ws://listener.example', locale: 'en-US' } },
      'routes[0].transcription.url: must be a wss:// URL',
    ],
    [{ idleSeconds: 1 }, 'routes[0].idleSeconds'],
    [{ storeTranscripts: 'some' }, 'routes[0].storeTranscripts'],
    [{ onStreamingFailed: 'panic' }, 'routes[0].onStreamingFailed: must be "leave", "hang-up"'],
  ])('are refused where they contradict themselves: %j', (fields, sentence) => {
    expect(problemsOf([{ name: 'one', ...fields }]).join('; ')).toContain(sentence);
  });
});
