import { HANG_SIGN } from '../../emulators/functions-host/http/hangs.ts';

/** The names of the function and of the invocation before the message of a line of the log. */
const ORIGIN = /^\S+ warn +([^[\s]+)\[/;

/** What to know about a request that no answer will come for; undefined for a line of the log that tells of none. */
export function hangInWords(part: string, line: string): string | undefined {
  const [, reason] = line.split(HANG_SIGN);
  const [, functionName] = ORIGIN.exec(line) ?? [];
  if (reason === undefined || functionName === undefined) return undefined;
  return `A request to ${functionName} of the ${part} ${HANG_SIGN}${reason}.
  Its client waits until it leaves. If the function has not begun, the app ends after functionTimeout of host.json.
  docs/fidelity.md says which requests hang; npm start -- --verbose shows the whole log.`;
}
