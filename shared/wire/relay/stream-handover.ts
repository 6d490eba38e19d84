/**
 * The state that one media stream of a call saves for the next one, which another relay may serve: the workers on the
 * call, and their lanes, which lead back to each worker's state and to what it has said lately. The control app stores
 * it but cannot read it, since a reconnection token lets its holder take a lane over. It is a JWE (`dir`, A256GCM)
 * under a key derived from `RELAY_TICKET_KEY`.
 */
import { CompactEncrypt, compactDecrypt, errors } from 'jose';
import * as z from 'zod';
import { MAX_WORKERS, type WorkerPlan } from '../../call/plan.ts';
import { workerPlanSchema } from '../call/plan-schema.ts';
import { WORKER_NAME_PATTERN } from '../names.ts';

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

const handoverSchema = z.object({
  callId: z.string(),
  streams: z.int().positive(),
  workers: z.array(workerPlanSchema).max(MAX_WORKERS),
  lanes: z.record(
    z.string().regex(WORKER_NAME_PATTERN),
    z.object({ connectionId: z.string().min(1), reconnectionToken: z.string().min(1) }),
  ),
});

/** @throws RangeError when it is too long to store */
export async function sealHandover(handover: StreamHandover, callId: string, key: string): Promise<string> {
  const text = JSON.stringify({ callId, ...handover });
  const sealed = await new CompactEncrypt(new TextEncoder().encode(text))
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
    .encrypt(await sealingKey(key));
  if (sealed.length > MAX_HANDOVER_CHARS)
    throw new RangeError(`a handover has at most ${MAX_HANDOVER_CHARS} characters, not ${sealed.length}`);
  return sealed;
}

/** Returns undefined for what was not sealed with one of the keys, is of another call, or is not a handover. */
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

/** A key that differs from that of tickets, so that neither can pass for the other. */
async function sealingKey(key: string): Promise<Uint8Array> {
  return new Uint8Array(
    await crypto.subtle.digest('SHA-256', new TextEncoder().encode(`trunkline stream handover\0${key}`)),
  );
}
