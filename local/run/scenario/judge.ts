/** What a scenario expected, held against what happened. */

import type { Audio } from '../../../shared/audio/wav.ts';
import { convertRate } from '../../phone/resample.ts';
import type { Step, StepResult } from '../../phone/step.ts';
import { compareWithGaps } from '../audio/compare-with-gaps.ts';
import { type HeardReport, judgeGaps, type RelayReport, reportedGaps } from '../audio/reported-gaps.ts';
import type { ReportedEvent } from '../client/report.ts';
import type { CallExpectation } from './scenario-schema.ts';

/** One expectation and whether it held. */
export interface Check {
  readonly participant: string;
  /** In words. */
  readonly what: string;
  readonly held: boolean;
  /** What happened instead; or, of what held, with which gaps. */
  readonly detail?: string;
}

/** Where the events come from that are expected: what the control app records of them is its own matter. */
const NETWORK = 'telephone network';

/** Steps that ask something of the other side, or that the caller must get to. */
const MUST_BE_REACHED: readonly StepResult['type'][] = [
  'say',
  'startSaying',
  'press',
  'interrupt',
  'expect',
  'waitUntil',
];

/** The steps of one phone: all that were to be reached, and those of them that ask for something. */
export function judgeSteps(participant: string, steps: readonly StepResult[]): Check[] {
  return steps
    .map((step, index) => ({ ...step, what: `step ${index + 1}, ${step.type}` }))
    .filter(({ type }) => MUST_BE_REACHED.includes(type))
    .map(({ what, status, detail }) => {
      if (status === 'done')
        return { participant, what, held: true, ...(detail !== undefined && { detail }) };
      return { participant, what, held: false, detail: detail ?? 'the call was over before it' };
    });
}

/** Whether somebody's telephone has rung as often as was expected; nothing where nothing was. */
export function judgeRings(participant: string, { rings }: CallExpectation, rung: number): Check[] {
  if (rings === undefined) return [];
  return [checkOf(participant, `rings ${rings} ×`, rung === rings ? undefined : `it was ${rung}`)];
}

/** What the application was sent as a transcript; nothing where nothing was expected. */
export function judgeTranscript(
  participant: string,
  { transcript }: CallExpectation,
  sent: readonly string[],
): Check[] {
  return transcript === undefined ? [] : [checkOfTexts(participant, 'transcript', transcript, sent)];
}

/** What workers of the call have published; nothing where nothing was expected. */
export function judgePublished(
  participant: string,
  { published }: CallExpectation,
  texts: readonly string[],
): Check[] {
  return published === undefined ? [] : [checkOfTexts(participant, 'published', published, texts)];
}

function checkOfTexts(
  participant: string,
  what: string,
  wanted: readonly string[],
  were: readonly string[],
): Check {
  const same = wanted.length === were.length && wanted.every((text, index) => text === were[index]);
  return checkOf(participant, `${what} ${inQuotes(wanted)}`, same ? undefined : `it was ${inQuotes(were)}`);
}

function inQuotes(texts: readonly string[]): string {
  return texts.map((text) => `"${text}"`).join(', ') || 'empty';
}

/** How a call ended and which events it had. */
export function judgeCall(
  participant: string,
  expected: CallExpectation,
  outcome: string | undefined,
  events: readonly ReportedEvent[],
): Check[] {
  const types = events.filter(({ source }) => source === NETWORK).map(({ type }) => type);
  const count = (type: string): number => types.filter((each) => each === type).length;
  const check = (what: string, detail: string | undefined): Check => checkOf(participant, what, detail);
  const checks: Check[] = [];
  if (expected.outcome !== undefined) {
    const detail = outcome === expected.outcome ? undefined : `it was ${outcome ?? 'not over'}`;
    checks.push(check(`outcome ${expected.outcome}`, detail));
  }
  if (expected.events !== undefined) {
    const missing = firstMissing(expected.events, types);
    const detail =
      missing === undefined
        ? undefined
        : `no ${missing} at its place; there were ${types.join(', ') || 'none'}`;
    checks.push(check(`events ${expected.events.join(', ')}`, detail));
  }
  for (const type of expected.never ?? [])
    checks.push(check(`no ${type}`, count(type) === 0 ? undefined : `there were ${count(type)}`));
  for (const [type, times] of Object.entries(expected.times ?? {}))
    checks.push(check(`${times} × ${type}`, count(type) === times ? undefined : `there were ${count(type)}`));
  return checks;
}

/** @param detail what happened instead; undefined where the expectation held */
function checkOf(participant: string, what: string, detail: string | undefined): Check {
  return { participant, what, held: detail === undefined, ...(detail !== undefined && { detail }) };
}

/** The first of the wanted ones that does not come after those before it. */
function firstMissing(wanted: readonly string[], types: readonly string[]): string | undefined {
  let from = 0;
  for (const type of wanted) {
    const at = types.indexOf(type, from);
    if (at < 0) return type;
    from = at + 1;
  }
  return undefined;
}

/** A second look at recordings that a caller did not hear whole. */

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
    const expected = convertRate(audio.samples, audio.sampleRateHz, heard.sampleRateHz);
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
