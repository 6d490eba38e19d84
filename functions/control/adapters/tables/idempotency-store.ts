import { randomUUID } from 'node:crypto';
import type { TableClient, TableEntityResult } from '@azure/data-tables';
import {
  ANSWER_KEPT_MS,
  type Claim,
  type IdempotencyStore,
  judgeKey,
  type KeptAnswer,
  type KeyRecord,
} from '../../call/idempotency.ts';
import { CallStoreError } from '../../call/stores.ts';
import {
  type CallStoreOptions,
  creatingTable,
  makesRow,
  replacesRow,
  storageStatusOf,
  type TablesAccess,
  tableLoader,
  unlessMissing,
  withStorage,
} from './table-access.ts';
import { partsOf, type TextParts, textOf } from './text-parts.ts';

/** Keys are hashes, so their first digit spreads them evenly over sixteen partitions. */
const PARTITIONS = [...'0123456789abcdef'];

/** How often a claim is retried because another one came first. */
const MAX_CONFLICTS = 4;

interface Row extends Partial<TextParts<'answer'>> {
  readonly fingerprint: string;
  /** Milliseconds since the epoch as text: the SDK would round numbers of this size to 32 bits. */
  readonly claimedAtMs: string;
  readonly expiresAtMs: string;
  /** Which attempt has claimed the key. Rows of earlier versions have none. */
  readonly claim?: string;
}

interface Keys {
  readonly partitionKey: string;
  readonly rowKey: string;
}

/** Keys in the table `idempotency`, which is created by the first write. */
export function createTableIdempotencyStore(
  access: TablesAccess,
  options: CallStoreOptions = {},
): IdempotencyStore {
  const load = tableLoader('idempotency', access, options);
  return {
    claim: (key, fingerprint, nowMs) =>
      withStorage('claiming a key', async () => await claim(await load(), key, fingerprint, nowMs)),
    keep: (key, answer) =>
      withStorage('keeping an answer', async () => {
        await (await load()).updateEntity({ ...keysOf(key), ...answerParts(answer) }, 'Merge');
      }),
    release: (key) =>
      withStorage('releasing a key', async () => {
        const { partitionKey, rowKey } = keysOf(key);
        await unlessMissing((await load()).deleteEntity(partitionKey, rowKey));
      }),
    removeExpired: (nowMs, limit) =>
      withStorage('removing keys', async () => await removeExpired(await load(), nowMs, limit)),
  };
}

async function claim(table: TableClient, key: string, fingerprint: string, nowMs: number): Promise<Claim> {
  const entity = {
    ...keysOf(key),
    fingerprint,
    claimedAtMs: String(nowMs),
    expiresAtMs: String(nowMs + ANSWER_KEPT_MS),
    claim: randomUUID(),
  };
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
    if (await isCreated(table, entity)) return { kind: 'claimed' };
    const row = await unlessMissing(table.getEntity<Row>(entity.partitionKey, entity.rowKey));
    if (row === undefined) continue;
    // The answer to our write was lost, so the SDK has written again.
    if (row.claim === entity.claim) return { kind: 'claimed' };
    const verdict = judgeKey(recordOf(row), fingerprint, nowMs);
    if (verdict !== undefined) return verdict;
    if (await replacesRow(table.updateEntity(entity, 'Replace', { etag: row.etag })))
      return { kind: 'claimed' };
  }
  throw new CallStoreError(`others changed an idempotency key ${MAX_CONFLICTS} times in a row`);
}

function isCreated(table: TableClient, entity: Keys): Promise<boolean> {
  return creatingTable(table, () => makesRow(table.createEntity(entity)));
}

async function removeExpired(table: TableClient, nowMs: number, limit: number): Promise<number> {
  let removed = 0;
  for (const partition of PARTITIONS) {
    // Both texts have thirteen digits until the year 2286, so they compare as numbers do.
    const filter = `PartitionKey eq '${partition}' and expiresAtMs le '${nowMs}'`;
    try {
      for await (const { partitionKey, rowKey } of table.listEntities({ queryOptions: { filter } })) {
        if (removed >= limit) return removed;
        if (partitionKey === undefined || rowKey === undefined) continue;
        await unlessMissing(table.deleteEntity(partitionKey, rowKey));
        removed += 1;
      }
    } catch (error) {
      if (storageStatusOf(error) !== 404) throw error;
      return removed;
    }
  }
  return removed;
}

function keysOf(key: string): Keys {
  return { partitionKey: key.slice(0, 1), rowKey: key };
}

function recordOf(row: TableEntityResult<Row>): KeyRecord {
  const { fingerprint, claimedAtMs, parts } = row;
  const record = { fingerprint, claimedAtMs: Number(claimedAtMs) };
  if (parts === undefined) return record;
  return { ...record, answer: JSON.parse(textOf('answer', { ...row, parts })) as KeptAnswer };
}

function answerParts(answer: KeptAnswer): TextParts<'answer'> {
  const text = JSON.stringify(answer);
  const parts = partsOf('answer', text);
  if (parts === undefined)
    throw new CallStoreError(`an answer of ${text.length} characters is too long to store`);
  return parts;
}
