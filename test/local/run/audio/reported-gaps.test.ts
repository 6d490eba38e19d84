import { describe, expect, it } from 'vitest';
import { compareWithGaps, type GapComparison } from '../../../../local/run/audio/compare-with-gaps.ts';
import { judgeGaps, type RelayReport, reportedGaps } from '../../../../local/run/audio/reported-gaps.ts';
import { speechLike } from '../../../support/signals.ts';

const RATE = 16_000;
const PER_MS = RATE / 1_000;
const SPEECH = speechLike(2 * RATE, RATE);
const LEAD_MS = 500;

/**
 * The speech, in which silence was put in after so many milliseconds, and from which some was taken away before that.
 */
function torn({ silenceMs = 0, lostMs = 0, atMs = 777 }): GapComparison {
  const heard = Int16Array.from([
    ...new Int16Array(LEAD_MS * PER_MS),
    ...SPEECH.subarray(0, (atMs - lostMs) * PER_MS),
    ...new Int16Array(silenceMs * PER_MS),
    ...SPEECH.subarray(atMs * PER_MS),
  ]);
  const found = compareWithGaps(SPEECH, heard, RATE);
  if (found === undefined) throw new Error('the speech is not found');
  return found;
}

const STREAM = { framesSent: 100, framesDropped: 0, playoutQueueMs: 0 };
const QUIET = { firstAudioMs: LEAD_MS, gapsMs: 0, streams: [STREAM] };

function relay(
  counts: Partial<RelayReport> = {},
  worker: Partial<RelayReport['workers'][number]> = {},
): RelayReport {
  return {
    streams: 1,
    framesIn: 100,
    audioMsFiller: 0,
    audioMsDropped: 0,
    audioMsCut: 0,
    workers: [{ droppedMs: 0, lostMs: 0, repliesIgnoredMs: 0, repliesRefusedMs: 0, ...worker }],
    ...counts,
  };
}

describe('a call that was torn', () => {
  const silence = torn({ silenceMs: 120 });
  const loss = torn({ lostMs: 200 });

  it('does not agree where nobody reports a gap', () => {
    for (const found of [silence, loss])
      expect(judgeGaps(found, reportedGaps(found, QUIET, relay()), 20).agrees).toBe(false);
  });

  it('agrees where the emulator reports so much silence, and says how many gaps there are', () => {
    const reported = reportedGaps(silence, { ...QUIET, gapsMs: 120 }, relay());
    expect(judgeGaps(silence, reported, 20)).toEqual({
      agrees: true,
      words:
        '1 gap, silence put in: 120 ms (reported: 120 ms), audio not heard: 0 ms (reported: 0 ms); the rest: every sample agrees',
    });
  });

  it('does not agree where less is reported than there is', () => {
    const tooLittle = reportedGaps(silence, { ...QUIET, gapsMs: 100 }, relay());
    expect(judgeGaps(silence, tooLittle, 20).agrees).toBe(false);
    const lost = reportedGaps(loss, QUIET, relay({}, { droppedMs: 180 }));
    expect(judgeGaps(loss, lost, 20).agrees).toBe(false);
  });

  it('agrees where relay or emulator report so much lost: dropped, failed, ignored or not taken', () => {
    for (const reported of [
      reportedGaps(loss, QUIET, relay({}, { droppedMs: 200 })),
      reportedGaps(loss, QUIET, relay({}, { lostMs: 200 })),
      reportedGaps(loss, QUIET, relay({}, { repliesIgnoredMs: 200 })),
      reportedGaps(loss, QUIET, relay({ audioMsDropped: 200 })),
      reportedGaps(loss, { ...QUIET, streams: [{ ...STREAM, framesDropped: 10 }] }, relay()),
    ])
      expect(judgeGaps(loss, reported, 20).agrees).toBe(true);
  });

  it('agrees where as much was on its way when a stream ended and another one took over', () => {
    const two = { ...QUIET, streams: [STREAM, STREAM] };
    const queued = { ...QUIET, streams: [{ ...STREAM, playoutQueueMs: 200 }, STREAM] };
    for (const reported of [
      reportedGaps(loss, two, relay({ streams: 2, framesIn: 190 })),
      reportedGaps(loss, two, relay({ streams: 2, framesIn: 200, audioMsCut: 200 })),
      reportedGaps(loss, queued, relay({ streams: 2, framesIn: 200 })),
    ])
      expect(judgeGaps(loss, reported, 20).agrees).toBe(true);
    const lessLost = reportedGaps(loss, two, relay({ streams: 2, framesIn: 191 }));
    expect(judgeGaps(loss, lessLost, 20).agrees).toBe(false);
    const oneStream = reportedGaps(loss, QUIET, relay({ framesIn: 90, audioMsCut: 200 }));
    expect(judgeGaps(loss, oneStream, 20).agrees).toBe(false);
  });

  it('counts what was refused once, though relay and worker report it', () => {
    const refused = { repliesIgnoredMs: 150, repliesRefusedMs: 100 };
    const told = (audioMsDropped: number) => reportedGaps(loss, QUIET, relay({ audioMsDropped }, refused));
    expect(told(150).lostMs).toBe(200);
    expect(judgeGaps(loss, told(150), 20).agrees).toBe(true);
    expect(judgeGaps(loss, told(140), 20).agrees, 'less than there is').toBe(false);
  });

  it('does not agree where silence is reported and audio is missing', () => {
    expect(judgeGaps(loss, reportedGaps(loss, { ...QUIET, gapsMs: 9_000 }, relay()), 20).agrees).toBe(false);
  });

  it('does not agree where audio is damaged, whatever is reported', () => {
    const heard = SPEECH.slice();
    for (let i = 0; i < 300 * PER_MS; i++) heard[1_000 * PER_MS + i] = (i * 7_919) % 20_011;
    const found = compareWithGaps(SPEECH, heard, RATE);
    expect(found && judgeGaps(found, { silenceMs: 60_000, lostMs: 60_000 }, 20).agrees).toBe(false);
  });
});

describe('the silence that the relay plays ahead of a first reply', () => {
  const heardAfter = (startMs: number, fillerMs: number): number =>
    reportedGaps({ startMs }, { ...QUIET, firstAudioMs: 0 }, relay({ audioMsFiller: fillerMs })).silenceMs;

  it('is no gap', () => {
    expect(heardAfter(2_000, 2_000)).toBe(0);
    expect(heardAfter(2_300, 2_000)).toBe(0);
  });

  it('is one where the relay plays it again', () => {
    expect(heardAfter(2_000, 4_000)).toBe(2_000);
    expect(heardAfter(2_300, 6_000)).toBe(4_000);
  });
});
