/**
 * The state that one media stream of a call saves for the next one, which another relay may serve: the workers on the
 * call, and their lanes, which lead back to each worker's state and to what it has said lately. A reconnection token
 * lets its holder take a lane over, so the state is stored as a sealed token (`sealing.ts`), `aud: handover`, `sub:
 * callId`. The control app opens what it gets, so that it stores nothing that the next relay could not use.
 */
import * as z from 'zod';
import { MAX_WORKERS, type WorkerPlan } from '../../call/plan.ts';
import { workerPlanSchema } from '../call/plan-schema.ts';
import { WORKER_NAME_PATTERN } from '../names.ts';
import { seal } from '../signed/sealing.ts';
import { TokenError, verifySigned } from '../signed/verify-signed.ts';

const AUDIENCE = 'handover';

/** Longer than any call, in milliseconds: a call lasts a day at most (`MAX_CALL_MINUTES`). */
const LIFETIME_MS = 25 * 3_600_000;

/** Longest sealed handover, in characters: it fits in one property of a table row. */
export const MAX_HANDOVER_CHARS = 30_000;

/** What a client of Web PubSub needs to take a connection over. */
export interface LaneIdentity {
  readonly connectionId: string;
  readonly reconnectionToken: string;
}

export interface StreamHandover {
  /** How many streams the call has had. */
  readonly streams: number;
  readonly workers: readonly WorkerPlan[];
  /** Lanes that may still be open, by worker. */
  readonly lanes: Readonly<Record<string, LaneIdentity>>;
}

export interface SavedHandover extends StreamHandover {
  /**
   * Grows with each state that is saved for the call: the time in milliseconds since the epoch, or one more than the
   * last version that the relay knows. So no older state replaces a newer one, though relays' clocks differ.
   */
  readonly version: number;
}

const handoverSchema = z.object({
  version: z.int().nonnegative(),
  streams: z.int().positive(),
  workers: z.array(workerPlanSchema).max(MAX_WORKERS),
  lanes: z.record(
    z.string().regex(WORKER_NAME_PATTERN),
    z.object({ connectionId: z.string().min(1), reconnectionToken: z.string().min(1) }),
  ),
});

/** @throws RangeError when it is too long to store */
export async function sealHandover(
  { version, ...handover }: SavedHandover,
  callId: string,
  key: string,
): Promise<string> {
  const exp = Math.ceil((version + LIFETIME_MS) / 1_000);
  const sealed = await seal(
    { ...handover, version, aud: AUDIENCE, sub: callId, exp },
    'stream handover',
    key,
  );
  if (sealed.length > MAX_HANDOVER_CHARS)
    throw new RangeError(`a handover has at most ${MAX_HANDOVER_CHARS} characters, not ${sealed.length}`);
  return sealed;
}

/** Returns undefined for what was not sealed with one of the keys, is of another call, or is not a handover. */
export async function openHandover(
  sealed: string,
  callId: string,
  keys: readonly string[],
  nowMs: number,
): Promise<SavedHandover | undefined> {
  const rules = { token: 'handover', sealedFor: 'stream handover', audience: AUDIENCE } as const;
  try {
    const schema = handoverSchema;
    return (await verifySigned(sealed, { ...rules, keys, callId, schema, nowMs })).claims;
  } catch (error) {
    if (error instanceof TokenError) return undefined;
    throw error;
  }
}
