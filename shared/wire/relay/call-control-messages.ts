/**
 * Changes to a call while it is streamed: workers come and go, and get messages. Each message is published in the
 * call's control group on Web PubSub (`controlGroup`). The relay that streams the call hears it, so the publisher
 * need not know which relay that is.
 *
 * A message travels as `{ "control": "<JWT>" }`, signed (HS256, `RELAY_TICKET_KEY`), with `aud:
 * relay-control`, `sub: callId`, a `jti` that identifies copies, an `exp` shortly after it was made, and the command
 * in `command`. It is signed although only holders of the service's key can publish there: the worker apps hold that
 * key too, and must not decide who else is on a call.
 */
import { SignJWT } from 'jose';
import * as z from 'zod';
import type { WorkerPlan } from '../../call/plan.ts';
import { workerPlanSchema } from '../call/plan-schema.ts';
import { boundedJson, MAX_MESSAGE_DATA_CHARS } from '../lane/worker-messages.ts';
import { controlGroup, WORKER_NAME_PATTERN } from '../names.ts';
import { TokenError, verifySigned } from '../signed/verify-signed.ts';

const CALL_CONTROL_AUDIENCE = 'relay-control';

/** How far the clocks of the control app and the relay may differ. */
const CLOCK_TOLERANCE_S = 30;

/** How long a message is valid, in milliseconds: as it is made, and at most for a receiver whose clock is slow. */
export const CALL_CONTROL_LIFETIME_MS = {
  made: 30_000,
  longest: 30_000 + 2 * CLOCK_TOLERANCE_S * 1_000,
} as const;

const workerName = z.string().regex(WORKER_NAME_PATTERN);

const data = boundedJson(MAX_MESSAGE_DATA_CHARS);

/**
 * `attach`: add a worker to the call. `detach`: remove it. `message`: send something to one worker, or to all workers
 * of the call.
 */
const callControlSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('attach'), worker: workerPlanSchema }),
  z.strictObject({ type: z.literal('detach'), worker: workerName }),
  z.strictObject({ type: z.literal('message'), worker: workerName.exactOptional(), data }),
]);

export type CallControlMessage =
  | { readonly type: 'attach'; readonly worker: WorkerPlan }
  | { readonly type: 'detach'; readonly worker: string }
  | { readonly type: 'message'; readonly worker?: string; readonly data: z.core.util.JSONType };

interface CallControlPublisherOptions {
  /** Publishes JSON in a group, and rejects if the service does not accept it (`groupPublisher`). */
  readonly publish: (group: string, message: object) => Promise<void>;
  /** The current ticket key, as text. */
  readonly ticketKey: string;
  readonly nowMs: () => number;
  /** A new unique id for each message. */
  readonly newId: () => string;
}

/**
 * Publishes a message to the relay of a call. Resolves when Web PubSub has accepted it, whether or not a relay
 * streams the call at that moment. Rejects with a `ZodError` if the message is malformed, and with the error of
 * `publish`.
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
