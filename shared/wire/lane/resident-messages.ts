/**
 * What a replica of a resident worker says about itself: to the other replicas in the worker's group of the call
 * (`resident.joined`), and to the relay in the relay's own group (`resident.here`, `resident.left`).
 */
import * as z from 'zod';

const nonce = z.string().max(64);

const residentMessage = z.discriminatedUnion('type', [
  /** A replica has joined the call, at `atMs` of its own clock. A replica that joined earlier leaves. */
  z.object({ type: z.literal('resident.joined'), host: z.string(), atMs: z.number() }),
  /**
   * A replica has the call. It says so at least every `PRESENCE_MS`, and at once when it is asked. `nonce`: that of the
   * question that this answers.
   */
  z.object({ type: z.literal('resident.here'), host: z.string(), nonce: nonce.exactOptional() }),
  /** The replica that had the call gives it up, and another one should take it. */
  z.object({ type: z.literal('resident.left'), host: z.string() }),
]);

export type ResidentMessage = z.infer<typeof residentMessage>;

/**
 * The relay still has the call, although it has published nothing since the replica's last sign of presence: in an
 * unmixed call there is no audio while everybody is silent.
 */
const relayHere = z.object({ type: z.literal('relay.here') });

export type RelayHere = z.infer<typeof relayHere>;

/** The question in the worker's group whether a replica has the call: a `call.started` that holds a nonce. */
const question = z.object({ type: z.literal('call.started'), nonce });

export const PRESENCE_MS = 5_000;
/** A replica that has not said so for this long no longer has the call. */
export const PRESENCE_LIMIT_MS = 3 * PRESENCE_MS;

/** Undefined for anything else. */
export function parseResidentMessage(value: unknown): ResidentMessage | undefined {
  return residentMessage.safeParse(value).data;
}

/** The nonce of a question. Undefined for anything else. */
export function nonceOfQuestion(value: unknown): string | undefined {
  return question.safeParse(value).data?.nonce;
}
