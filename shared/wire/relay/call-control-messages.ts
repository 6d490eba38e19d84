/**
 * What can be changed about a call while it is streamed: workers come and go, and are told things. Each message is published in the call's
 * control group on Web PubSub (`controlGroup`), which whichever relay has the call hears, so that nobody need know which one that is.
 *
 * A message travels as `{ "control": "<JWT>" }`, signed like a ticket (HS256, `RELAY_TICKET_KEY`), with `aud: relay-control`, `sub: callId`, a
 * `jti` by which a copy is known, an `exp` soon after it was made, and the command in `command`. The signature is needed although only holders of
 * the service's key can publish there: the worker apps hold that key too, and have no say in who else is on a call.
 */
import { SignJWT } from 'jose';
import * as z from 'zod';
import type { WorkerPlan } from '../../call/plan.ts';
import { workerPlanSchema } from '../call/plan-schema.ts';
import { controlGroup, WORKER_NAME_PATTERN } from '../names.ts';
import { TokenError, verifySigned } from '../signed/verify-signed.ts';

export const CALL_CONTROL_AUDIENCE = 'relay-control';

/** Clocks of the control app and the relay may differ by this much. */
const CLOCK_TOLERANCE_S = 30;

/** How long a message is valid in milliseconds: as it is made, and at the longest for a receiver whose clock is slow. */
export const CALL_CONTROL_LIFETIME_MS = {
  made: 30_000,
  longest: 30_000 + 2 * CLOCK_TOLERANCE_S * 1_000,
} as const;

/** Longest `data` of a message to workers, as JSON text in characters. */
export const MAX_MESSAGE_DATA_CHARS = 16_384;

const workerName = z.string().regex(WORKER_NAME_PATTERN);

const data = z.json().refine((value) => JSON.stringify(value).length <= MAX_MESSAGE_DATA_CHARS, {
  error: `data may have at most ${MAX_MESSAGE_DATA_CHARS} characters as JSON`,
});

/** `attach`: put a worker on the call. `detach`: take it off. `message`: say something to one worker, or to all of the call's. */
export const callControlSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('attach'), worker: workerPlanSchema }),
  z.strictObject({ type: z.literal('detach'), worker: workerName }),
  z.strictObject({ type: z.literal('message'), worker: workerName.exactOptional(), data }),
]);

export type CallControlMessage =
  | { readonly type: 'attach'; readonly worker: WorkerPlan }
  | { readonly type: 'detach'; readonly worker: string }
  | { readonly type: 'message'; readonly worker?: string; readonly data: z.core.util.JSONType };

export interface CallControlPublisherOptions {
  /** As `groupPublisher` makes it: takes JSON to a group, and rejects when the service does not. */
  readonly publish: (group: string, message: object) => Promise<void>;
  /** The present ticket key, as text. */
  readonly ticketKey: string;
  readonly nowMs: () => number;
  /** Tells messages apart. */
  readonly newId: () => string;
}

/**
 * Tells the relay that has a call. Resolves when Web PubSub has taken the message: nobody says whether a relay had the call at that moment.
 * Rejects with a `ZodError` for what is no message, and with the error of `publish`.
 */
export type PublishCallControl = (callId: string, message: CallControlMessage) => Promise<void>;

export function callControlPublisher(options: CallControlPublisherOptions): PublishCallControl {
  const { publish, ticketKey, nowMs, newId } = options;
  return async (callId, message) => {
    const control = await signCallControl(callId, message, { key: ticketKey, nowMs: nowMs(), id: newId() });
    await publish(controlGroup(callId), { control });
  };
}

export async function signCallControl(
  callId: string,
  message: CallControlMessage,
  { key, nowMs, id }: { readonly key: string; readonly nowMs: number; readonly id: string },
): Promise<string> {
  return new SignJWT({ command: callControlSchema.parse(message) })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setAudience(CALL_CONTROL_AUDIENCE)
    .setSubject(callId)
    .setJti(id)
    .setIssuedAt(Math.floor(nowMs / 1000))
    .setExpirationTime(Math.ceil((nowMs + CALL_CONTROL_LIFETIME_MS.made) / 1000))
    .sign(new TextEncoder().encode(key));
}

const envelopeSchema = z.object({ control: z.string() });

const claimsSchema = z.object({ jti: z.string(), command: callControlSchema });

/**
 * Verifies what was published in a control group, with the keys in turn.
 * @throws TokenError naming the reason, never quoting the message
 */
export async function readCallControl(
  value: unknown,
  callId: string,
  keys: readonly string[],
  nowMs: number,
): Promise<{ readonly id: string; readonly message: CallControlMessage }> {
  const envelope = envelopeSchema.safeParse(value).data;
  if (envelope === undefined) throw new TokenError('control message', 'malformed');
  const { claims } = await verifySigned(envelope.control, {
    token: 'control message',
    keys,
    audience: CALL_CONTROL_AUDIENCE,
    callId,
    requiredClaims: ['sub', 'jti'],
    schema: claimsSchema,
    unfit: 'unknown command',
    clockToleranceS: CLOCK_TOLERANCE_S,
    nowMs,
  });
  return { id: claims.jti, message: claims.command };
}
