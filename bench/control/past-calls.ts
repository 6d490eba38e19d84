import { createHash } from 'node:crypto';
import { TableClient, type TransactionAction } from '@azure/data-tables';
import { createActions } from '../../functions/control/adapters/tables/call-rows.ts';
import { type Call, formatCallId, newCall } from '../../functions/control/call/model.ts';

/** Rows that one transaction may write. */
const MAX_TRANSACTION = 100;
const AT_A_TIME = 4;
const HOUR_MS = 3_600_000;

/** Writes calls that have ended, one after another from now into the past, straight to table storage. */
export async function writePastCalls(connectionString: string, from: number, to: number): Promise<void> {
  const calls = TableClient.fromConnectionString(connectionString, 'calls', {
    allowInsecureConnection: true,
  });
  const partitions = new Map<string, TransactionAction[]>();
  const nowMs = Date.now();
  for (let index = from; index < to; index += 1) {
    const actions = createActions(pastCall(index, nowMs));
    const partition = String(actions[0]?.[1].partitionKey);
    partitions.set(partition, [...(partitions.get(partition) ?? []), ...actions]);
  }
  const batches = [...partitions.values()].flatMap((actions) =>
    Array.from({ length: Math.ceil(actions.length / MAX_TRANSACTION) }, (_, batch) =>
      actions.slice(batch * MAX_TRANSACTION, (batch + 1) * MAX_TRANSACTION),
    ),
  );
  const waiting = batches.values();
  const write = async (): Promise<void> => {
    for (const batch of waiting) await calls.submitTransaction(batch);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, write));
}

function pastCall(index: number, nowMs: number): Call {
  const endedAtMs = nowMs - index * 1_000;
  const call = newCall({
    callId: formatCallId(createHash('sha256').update(`past ${index}`).digest()),
    route: 'everyone',
    decision: 'answer',
    plan: {
      format: 'pcm16KMono',
      channels: 'mixed',
      startStreaming: true,
      dtmf: false,
      workers: [{ name: 'echo', listen: { mode: 'chunk', ms: 100 } }],
    },
    from: '…0123',
    to: '…0199',
    receivedAtMs: endedAtMs - 60_000,
    expiresAtMs: endedAtMs + HOUR_MS,
  });
  return { ...call, phase: 'ended', endedAtMs, endReason: 'disconnected' };
}
