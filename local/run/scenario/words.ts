/** A played scenario in words, for the terminal. */
import type { Check } from './judge.ts';
import type { Played, PlayedCall } from './run-scenario.ts';

export function timelineInWords({ calls }: Played): string {
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
  const width = Math.max(0, ...events.map(({ source }) => source.length));
  const lines = events.map(
    ({ atMs, source, type }) =>
      `${`${(atMs / 1_000).toFixed(1)} s`.padStart(9)}  ${source.padEnd(width)}  ${type}`,
  );
  return [`${participant}: ${outcome ?? 'not over'}`, ...lines].join('\n');
}

function checkInWords({ participant, what, held, detail }: Check): string {
  return `  ${held ? 'held  ' : 'FAILED'}  ${participant}: ${what}${detail === undefined ? '' : ` (${detail})`}`;
}
