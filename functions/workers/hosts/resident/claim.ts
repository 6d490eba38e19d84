/**
 * Which replica has a call. Web PubSub delivers `call.started` at least once, and again when a lane is opened anew, and a load
 * balancer may give each delivery to another replica: the one that joined last has the call, and the others leave it.
 */
import { parseResidentMessage } from '../../../../shared/wire/lane/resident-messages.ts';

export interface CallClaim {
  readonly host: string;
  /** When it was made, by the clock of its maker. */
  readonly atMs: number;
}

/** Whether the message is the claim of another replica that comes after `mine`. Every replica decides alike, also for equal times. */
export function takesOver(value: unknown, mine: CallClaim): boolean {
  const other = parseResidentMessage(value);
  if (other?.type !== 'resident.joined' || other.host === mine.host) return false;
  return other.atMs === mine.atMs ? other.host > mine.host : other.atMs > mine.atMs;
}
