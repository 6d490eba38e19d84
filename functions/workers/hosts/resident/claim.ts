/**
 * Which replica has a call. Web PubSub delivers `call.started` at least once, and again when the relay opens another
 * lane. A load balancer may give each delivery to another replica. The replica that joined last has the call; the
 * others leave.
 */
import { parseResidentMessage } from '../../../../shared/wire/lane/resident-messages.ts';

interface CallClaim {
  readonly host: string;
  /** When the replica joined, by its own clock. */
  readonly atMs: number;
}

/**
 * Whether the message is a later claim of another replica than `mine`. All replicas decide alike, also for equal times.
 */
export function takesOver(value: unknown, mine: CallClaim): boolean {
  const other = parseResidentMessage(value);
  if (other?.type !== 'resident.joined' || other.host === mine.host) return false;
  return other.atMs === mine.atMs ? other.host > mine.host : other.atMs > mine.atMs;
}
