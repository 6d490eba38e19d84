/** A second look at recordings that a caller did not hear whole. */

import type { Audio } from '../../../shared/audio/wav.ts';
import { resample } from '../../phone/resample.ts';
import type { Step, StepResult } from '../../phone/step.ts';
import { compareWithGaps } from '../audio/compare-with-gaps.ts';
import { type HeardReport, judgeGaps, type RelayReport, reportedGaps } from '../audio/reported-gaps.ts';

/**
 * The same results, but a recording that was heard with gaps in it counts as heard where relay and emulator report
 * these gaps: a machine that is held up tears a call, and says so. Damage that nobody reports stays a failure. `heard`
 * is everything that the caller heard.
 */
export function heardWithGaps(
  steps: readonly Step[],
  results: readonly StepResult[],
  heard: Audio,
  telephone: HeardReport,
  relay: RelayReport | undefined,
): StepResult[] {
  return results.map((result, index) => {
    const step = steps[index];
    if (result.status !== 'failed' || step?.type !== 'expect' || step.hear.type !== 'recording')
      return result;
    const { audio, leastDb } = step.hear;
    const expected = resample(audio.samples, audio.sampleRateHz, heard.sampleRateHz);
    const fromMs = stimulusMs(steps, results, index);
    const since = heard.samples.subarray(Math.round((fromMs * heard.sampleRateHz) / 1_000));
    const found = compareWithGaps(expected, since, heard.sampleRateHz);
    if (found === undefined) return result;
    const reported = reportedGaps({ startMs: fromMs + found.startMs }, telephone, relay);
    const { agrees, words } = judgeGaps(found, reported, leastDb);
    if (agrees) return { ...result, status: 'done', detail: `heard with ${words}` };
    return { ...result, detail: `${result.detail ?? ''}; ${words}` };
  });
}

/**
 * When the phone last began to say or press something before this step: an expectation is about what is heard since.
 */
function stimulusMs(steps: readonly Step[], results: readonly StepResult[], before: number): number {
  for (let index = before - 1; index >= 0; index--) {
    const type = steps[index]?.type;
    if (type === 'say' || type === 'startSaying' || type === 'press' || type === 'interrupt')
      return results[index - 1]?.atMs ?? 0;
  }
  return 0;
}
