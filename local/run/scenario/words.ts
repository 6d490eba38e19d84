/** A played scenario in words, for the terminal. */
import { timelineInWords } from '../client/words.ts';
import type { Check } from './judge.ts';
import type { Played, PlayedCall } from './run-scenario.ts';

export function callsInWords({ calls }: Played): string {
  return calls.map(callInWords).join('\n\n');
}

export function checksInWords({ checks }: Played): string {
  const failed = checks.filter(({ held }) => !held).length;
  const verdict =
    failed === 0
      ? `All ${checks.length} expectations held.`
      : `${failed} of ${checks.length} expectations did not hold.`;
  return `${checks.map(checkInWords).join('\n')}\n\n${verdict}`;
}

function callInWords({ participant, outcome, events }: PlayedCall): string {
  return `${participant}: ${outcome ?? 'not over'}\n${timelineInWords(events)}`;
}

function checkInWords({ participant, what, held, detail }: Check): string {
  return `  ${held ? 'held  ' : 'FAILED'}  ${participant}: ${what}${detail === undefined ? '' : ` (${detail})`}`;
}
