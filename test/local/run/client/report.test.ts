import { describe, expect, it } from 'vitest';
import type { RelayCounts, WorkerCounts } from '../../../../local/run/client/counts-of-call.ts';
import {
  type CallEvidence,
  type CallReport,
  compileReport,
  isSuccess,
} from '../../../../local/run/client/report.ts';
import { reportInWords, timelineInWords } from '../../../../local/run/client/words.ts';
import { placed, robot } from '../../../support/heard-audio.ts';
import { speechLike } from '../../../support/signals.ts';

const RATE = 16_000;
const SPEECH = speechLike(4 * RATE, RATE);
const QUIET: Partial<WorkerCounts> = { chunksFailed: 0, lostMs: 0, droppedMs: 0, repliesPlayed: 0 };
const SPEAKS = { repliesPlayed: 3 };

interface Case {
  readonly worker: string;
  readonly counts?: Partial<WorkerCounts>;
  readonly ignored?: RelayCounts['ignored'];
  readonly said?: Int16Array;
  readonly heard?: Int16Array;
}

/** A call of 14 s. */
function reportOf({
  worker,
  counts,
  ignored = {},
  said = SPEECH,
  heard = placed(14_000, []),
}: Case): CallReport {
  const first = heard.findIndex((sample) => sample !== 0);
  const evidence = {
    telephone: {
      callConnectionId: 'connection',
      from: '4:+14255550199',
      to: '4:+14255550100',
      ringingAt: '2026-12-01T00:00:00.000Z',
      outcome: 'hungUpByCaller',
      answeredAtMs: 5,
      mediaStartedMs: 20,
      ...(first >= 0 && { firstAudioMs: first / 16 }),
      longestGapMs: 0,
      streams: [],
      events: [],
    },
    product: undefined,
    relay: { ignored, workers: [{ name: worker, chunksSent: 3, chunksAcked: 3, ...QUIET, ...counts }] },
    said: { samples: said, sampleRateHz: RATE },
    heard: { samples: heard, sampleRateHz: RATE },
  };
  return compileReport(evidence as unknown as CallEvidence);
}

const CALL = {
  from: '4:+14255550199',
  to: '4:+14255550100',
  ringingAt: '2026-12-01T00:00:00.000Z',
  streams: [],
  events: [],
};

function unanswered(outcome: string, product: object | undefined): CallReport {
  const evidence = {
    telephone: { ...CALL, outcome },
    product,
    relay: undefined,
    said: undefined,
    heard: undefined,
  };
  return compileReport(evidence as unknown as CallEvidence);
}

/** A call of the worker echo without a recording, which the application ended. */
function ofApplication(product: object): CallReport {
  const telephone = {
    ...CALL,
    callConnectionId: 'connection',
    outcome: 'hungUpByApplication',
    answeredAtMs: 5,
    mediaStartedMs: 20,
    firstAudioMs: 100,
    longestGapMs: 0,
  };
  const relay = { ignored: {}, workers: [{ name: 'echo', chunksSent: 3, chunksAcked: 3, ...QUIET }] };
  const evidence = { telephone, product, relay, said: undefined, heard: undefined };
  return compileReport(evidence as unknown as CallEvidence);
}

/** The lines of the report by their names. */
function words(report: CallReport): Record<string, string> {
  const lines = reportInWords(report).split('\n');
  return Object.fromEntries(lines.map((line) => [line.slice(2, 24).trim(), line.slice(25)]));
}

describe('the report of a call', () => {
  it.each([40, 3_380, 6_821, 9_990])('has one delay for an exact echo, %i ms later', (ms) => {
    for (const worker of ['echo', 'parrot']) {
      const report = reportOf({ worker, counts: SPEAKS, heard: placed(14_000, [[ms, SPEECH]]) });
      expect(report).toMatchObject({
        outcome: 'completed',
        echo: { delayMs: ms, exact: true, missingMs: 0 },
        roundTripMs: { p50: ms, p99: ms, max: ms },
      });
      expect(words(report)).toMatchObject({
        echo: `every sample once, in order, bit-exact, ${ms} ms later`,
        'round trip': `${ms} ms, all that was said as one piece`,
      });
    }
  });

  it('has one delay for what is too short to be measured in pieces', () => {
    const said = speechLike(RATE / 2, RATE);
    const report = reportOf({
      worker: 'parrot',
      counts: SPEAKS,
      said,
      heard: placed(14_000, [[7_000, said]]),
    });
    expect(report).toMatchObject({ echo: { delayMs: 7_000, exact: true }, roundTripMs: { max: 7_000 } });
  });

  it('never has a round trip beside the delay of an echo of which something is missing', () => {
    const torn = SPEECH.slice();
    torn.fill(0, RATE, RATE + 100);
    const heard = placed(14_000, [[5_500, torn]]);
    const report = reportOf({ worker: 'echo', counts: SPEAKS, heard });
    expect(report.echo).toEqual({ delayMs: 5_500, exact: false, missingMs: 0 });
    expect(report.roundTripMs).toMatchObject({ p50: 5_500 });
    expect(words(reportOf({ worker: 'parrot', counts: SPEAKS, heard }))).not.toHaveProperty('echo');
    expect(words(report)['echo']).toBe('not exact: samples are missing or changed, 5500 ms later');
  });

  it('says that a call ended before all of an echo came back', () => {
    const report = reportOf({ worker: 'echo', counts: SPEAKS, heard: placed(8_500, [[6_000, SPEECH]]) });
    expect(report.echo).toEqual({ delayMs: 6_000, exact: false, missingMs: 1_500 });
    expect(words(report)['echo']).toBe('6000 ms later; the call ended before the last 1500 ms came back');
  });

  it('measures what repeats utterances, and does not call it a failed echo', () => {
    const first = speechLike(2.5 * RATE, RATE, { seed: 1 });
    const second = speechLike(2.5 * RATE, RATE, { seed: 2 });
    const report = reportOf({
      worker: 'parrot',
      counts: SPEAKS,
      said: placed(8_000, [
        [0, first],
        [5_000, second],
      ]),
      heard: placed(14_000, [
        [3_200, first],
        [8_700, second],
      ]),
    });
    expect(report).toMatchObject({ outcome: 'completed', roundTripMs: { max: 3_700 } });
    expect(report.echo).toBeUndefined();
    expect(words(report)).not.toHaveProperty('echo');
  });

  it('measures a voice that is changed, and does not call it a failed echo', () => {
    const heard = placed(14_000, [[9_000, robot(SPEECH, RATE)]]);
    const report = reportOf({ worker: 'robot', counts: SPEAKS, heard });
    expect(Math.abs((report.roundTripMs?.p50 ?? 0) - 9_000)).toBeLessThanOrEqual(2);
    expect(words(report)).not.toHaveProperty('echo');
  });

  it('says nothing of a round trip where other speech is heard, and of an echo only where one is promised', () => {
    const heard = placed(14_000, [[1_000, speechLike(12 * RATE, RATE, { seed: 7 })]]);
    const report = reportOf({ worker: 'greeter', counts: SPEAKS, heard });
    expect(report.roundTripMs).toBeUndefined();
    expect(words(report)).toMatchObject({
      'first audio': '1000 ms after the media',
      'round trip':
        'not measured: what was heard is not what was said, as with every worker that answers in its own words',
    });
    expect(words(report)).not.toHaveProperty('echo');
    const failed = reportOf({ worker: 'echo', counts: SPEAKS, heard });
    expect(words(failed)['echo']).toBe(
      'missing: what was heard differs from what was said, and the worker echo promises the same',
    );
  });

  it.each([
    ['says nothing', {}],
    ['may not speak', { 'reply: the worker only listens': 7 }],
  ])('is no failure where a worker that %s is all that listens', (_what, ignored) => {
    const report = reportOf({ worker: 'scribe', ignored });
    expect(report.outcome).toBe('completed');
    expect(words(report)).toMatchObject({
      outcome: 'completed',
      'first audio': 'none: no worker said anything',
      'round trip': 'not measured: nothing was heard',
      'longest gap': 'not measured: nothing was heard',
    });
    expect(words(report)).not.toHaveProperty('echo');
  });

  it('does not hold an echo to its promise on a route where it only listens', () => {
    const report = reportOf({ worker: 'echo', ignored: { 'reply: the worker only listens': 7 } });
    expect(report.outcome).toBe('completed');
    expect(words(report)).not.toHaveProperty('echo');
  });

  it.each<[string, Partial<Case>]>([
    ['an echo is silent', { worker: 'echo' }],
    ['what a worker said was not heard', { counts: SPEAKS }],
    ['a worker failed', { counts: { chunksFailed: 1 } }],
    ['a worker was out of reach', { counts: { droppedMs: 500 } }],
    ['what a worker said was refused', { ignored: { 'reply: half a sample': 1 } }],
  ])('is a failure where nothing is heard and %s', (_what, change) => {
    expect(reportOf({ worker: 'robot', ...change }).outcome).toBe('no audio');
  });

  it.each<[string, object | undefined, string, string]>([
    ['rejected', { route: 'blocked' }, 'rejected', 'rejected by the route blocked'],
    ['redirected', { route: 'desk' }, 'redirected', 'redirected by the route desk'],
    [
      'notAnswered',
      undefined,
      'no route',
      'not answered: no route is for it (npm run routes -- explain --from +14255550199 --to +14255550100 says why)',
    ],
    ['notAnswered', { route: 'desk' }, 'not answered', 'not answered, although the route desk is for it'],
    ['abandonedByCaller', undefined, 'abandoned', 'not answered: the caller hung up while it rang'],
  ])('tells calls apart that were not answered: %s, %j', (outcome, row, expected, inWords) => {
    const report = unanswered(outcome, row);
    expect(report.outcome).toBe(expected);
    expect(words(report)['outcome']).toBe(inWords);
    expect(isSuccess(report)).toBe(false);
    expect(words(report)).not.toHaveProperty('answered after');
  });

  it('is no failure where the application ends the call by itself, and one where its streaming has failed', () => {
    const ended = (state: string): CallReport =>
      ofApplication({ callId: 'call', state: 'ended', streaming: { state } });
    expect(ended('stopped').outcome).toBe('ended by the application');
    expect(isSuccess(ended('stopped'))).toBe(true);
    expect(ended('failed').outcome).toBe('cut off');
  });

  it('measures nothing of a call whose audio is not recorded', () => {
    const report = ofApplication({ callId: 'call', state: 'ended', streaming: { state: 'stopped' } });
    expect(words(report)).toMatchObject({
      call: 'call',
      'round trip': 'not measured: the audio of this call is not recorded',
    });
    expect(words(report)).not.toHaveProperty('echo');
  });
});

it('shows what workers publish under their call, on one line each, and who ended it', () => {
  const ringingAtMs = Date.parse(CALL.ringingAt);
  const entry = (source: string, type: string, details: object) => ({
    atMs: ringingAtMs + 1_500,
    source,
    type,
    details,
  });
  const report = compileReport({
    telephone: { ...CALL, callConnectionId: 'connection', streams: [], events: [] },
    product: {
      callId: 'abc',
      state: 'ended',
      endedBy: 'worker',
      streaming: { state: 'inactive' },
      timeline: [
        entry('acs', 'CallConnected', { code: 200 }),
        entry('worker', 'Note', { worker: 'menu', text: 'key 7\n\u001b[2Jand more' }),
      ],
    },
    relay: undefined,
    said: undefined,
    heard: undefined,
  } as unknown as CallEvidence);
  expect(report.events).toContainEqual({
    atMs: 1_500,
    source: 'worker menu',
    type: 'Note',
    text: 'key 7\n\u001b[2Jand more',
  });
  expect(timelineInWords(report.events).split('\n')).toEqual([
    '    1.5 s  control app (acs)  CallConnected',
    '    1.5 s  worker menu        Note: key 7 [2Jand more',
  ]);
  expect(reportInWords(report)).toMatch(/ended by +worker/);
});
