/**
 * What a resident worker reports about itself: `resident.joined` to the other replicas, in the up group of call and
 * worker; `resident.here` and `resident.left` to the relay, in the down group.
 */
import * as z from 'zod';

const residentMessage = z.discriminatedUnion('type', [
  /** A replica has joined the call; `atMs` by its own clock. One that joined earlier leaves. */
  z.object({ type: z.literal('resident.joined'), host: z.string(), atMs: z.number() }),
  /** A replica has the call. Comes at least every `PRESENCE_MS`. */
  z.object({ type: z.literal('resident.here'), host: z.string() }),
  /** The replica that had the call gives it up: the relay looks for another one. */
  z.object({ type: z.literal('resident.left'), host: z.string() }),
]);

export type ResidentMessage = z.infer<typeof residentMessage>;

export const PRESENCE_MS = 5_000;
/** Without a sign of presence for this long, no replica has the call. */
export const PRESENCE_LIMIT_MS = 3 * PRESENCE_MS;

/** Undefined for anything else. */
export function parseResidentMessage(value: unknown): ResidentMessage | undefined {
  return residentMessage.safeParse(value).data;
}
