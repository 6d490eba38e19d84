/** A played scenario in words, for the terminal. */
import { partyOf } from '../client/report.ts';
import { timelineInWords } from '../client/words.ts';
import type { Check } from './judge.ts';
import type { Played, PlayedCall } from './run-scenario.ts';

export function callsInWords({ calls }: Played): string {
  return calls.map(callInWords).join('\n\n');
}

export function checksInWords({ checks }: Played): string {
  const failed = checks.filter(({ held }) => !held).length;
  const verdict =
    failed > 0 ? `${failed} of ${checks.length} expectations did not hold.` : allHeld(checks.length);
  return `${checks.map(checkInWords).join('\n')}\n\n${verdict}`;
}

function allHeld(count: number): string {
  if (count === 0) return 'Nothing was expected.';
  return count === 1 ? 'The one expectation held.' : `All ${count} expectations held.`;
}

function callInWords({ participant, outcome, events, followed }: PlayedCall): string {
  const { product, telephone } = followed;
  const name = product === undefined ? '' : ` (call ${product.callId})`;
  const why =
    outcome === 'notAnswered' && product === undefined
      ? `: no route is for a call from ${partyOf(telephone.from)} to ${partyOf(telephone.to)}`
      : '';
  return `${participant}${name}: ${outcome ?? 'not over'}${why}\n${timelineInWords(events)}`;
}

function checkInWords({ participant, what, held, detail }: Check): string {
  return `  ${held ? 'held  ' : 'FAILED'}  ${participant}: ${what}${detail === undefined ? '' : ` (${detail})`}`;
}
