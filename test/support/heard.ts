import { expect } from 'vitest';
import { compareWithGaps, type GapComparison } from '../../local/run/audio/compare-with-gaps.ts';
import { judgeGaps, reportedGaps } from '../../local/run/audio/reported-gaps.ts';
import type { CallEvidence } from '../../local/run/client/report.ts';

/** Whether the expected audio was heard to its end, with whatever gaps; to look at what is heard so far. */
export function isHeardToEnd(expected: Int16Array, sampleRateHz: number): (heard: Int16Array) => boolean {
  return (heard) => compareWithGaps(expected, heard, sampleRateHz)?.reachesEnd === true;
}

/**
 * Expects that the caller heard this audio, agreeing by so many dB (infinitely many: each sample once, in order and
 * bit-exact), but for the gaps that relay and emulator report of this call. The message of a failure says how many gaps
 * there are.
 */
export function expectHeard(
  evidence: CallEvidence,
  expected: Int16Array,
  leastDb = Number.POSITIVE_INFINITY,
): GapComparison {
  const { telephone, relay, heard } = evidence;
  const found = compareWithGaps(expected, heard.samples, heard.sampleRateHz);
  if (found === undefined) throw new Error('nothing of what was expected was heard');
  const { agrees, words } = judgeGaps(found, reportedGaps(found, telephone, relay), leastDb);
  expect(agrees, `what was heard, beside what was expected: ${words}`).toBe(true);
  return found;
}
