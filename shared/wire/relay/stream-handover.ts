/**
 * What one media stream of a call leaves for the next, which another relay may serve: who is on the call, and the lanes, by which a worker's state
 * and what it has said lately are reached again. It is kept by the control app, who cannot read it: JWE (`dir`, A256GCM) under a key that is derived
 * from `RELAY_TICKET_KEY`, since a reconnection token lets its holder take a lane over.
 */
import { CompactEncrypt, compactDecrypt, errors } from 'jose';
import * as z from 'zod';
import { MAX_WORKERS, type WorkerPlan } from '../../call/plan.ts';
import { workerPlanSchema } from '../call/plan-schema.ts';
import { WORKER_NAME_PATTERN } from '../names.ts';

/** Longest handover as it is kept, in characters: a row of table storage takes it in one property. */
export const MAX_HANDOVER_CHARS = 30_000;

/** A connection of Web PubSub as its client may take it up again. */
export interface LaneIdentity {
  readonly connectionId: string;
  readonly reconnectionToken: string;
}

export interface StreamHandover {
  /** The number of the call's streams before the next one. */
  readonly streams: number;
  readonly workers: readonly WorkerPlan[];
  /** The lanes that may still be there, by worker. */
  readonly lanes: Readonly<Record<string, LaneIdentity>>;
}

const handoverSchema = z.object({
  callId: z.string(),
  streams: z.int().positive(),
  workers: z.array(workerPlanSchema).max(MAX_WORKERS),
  lanes: z.record(
    z.string().regex(WORKER_NAME_PATTERN),
    z.object({ connectionId: z.string().min(1), reconnectionToken: z.string().min(1) }),
  ),
});

/** @throws RangeError for one that is too long to be kept */
export async function sealHandover(handover: StreamHandover, callId: string, key: string): Promise<string> {
  const text = JSON.stringify({ callId, ...handover });
  const sealed = await new CompactEncrypt(new TextEncoder().encode(text))
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
    .encrypt(await sealingKey(key));
  if (sealed.length > MAX_HANDOVER_CHARS)
    throw new RangeError(`a handover has at most ${MAX_HANDOVER_CHARS} characters, not ${sealed.length}`);
  return sealed;
}

/** Undefined for what was not sealed with one of the keys, is of another call, or is no handover: it is as if there were none. */
export async function openHandover(
  sealed: string,
  callId: string,
  keys: readonly string[],
): Promise<StreamHandover | undefined> {
  for (const key of keys) {
    const text = await opened(sealed, key);
    if (text === undefined) continue;
    const handover = handoverSchema.safeParse(JSON.parse(text)).data;
    if (handover?.callId !== callId) return undefined;
    const { streams, workers, lanes } = handover;
    return { streams, workers, lanes };
  }
  return undefined;
}

async function opened(sealed: string, key: string): Promise<string | undefined> {
  try {
    const { plaintext } = await compactDecrypt(sealed, await sealingKey(key), {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
    });
    return new TextDecoder().decode(plaintext);
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}

/** Another key than that of tickets, so that nothing made with the one is taken for something of the other. */
async function sealingKey(key: string): Promise<Uint8Array> {
  return new Uint8Array(
    await crypto.subtle.digest('SHA-256', new TextEncoder().encode(`trunkline stream handover\0${key}`)),
  );
}
