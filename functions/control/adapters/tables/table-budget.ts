import type { TableClient } from '@azure/data-tables';
import { type HourlyBudget, type SpentMinutes, spendOne } from '../../call/hourly-budget.ts';
import { CallStoreError } from '../../call/stores.ts';
import {
  type CallStoreOptions,
  creatingTable,
  makesRow,
  replacesRow,
  type TablesAccess,
  tableLoader,
  unlessMissing,
  withStorage,
} from './table-access.ts';

const PARTITION = 'outbound';

/** How often spending is retried because another one came first. Of several at once, one succeeds each time. */
const MAX_CONFLICTS = 40;

interface Row {
  /** `SpentMinutes` as JSON. */
  readonly minutes: string;
}

/**
 * A budget in one row of the table `budgets`, shared by all instances of the app. A change is written only if the row
 * has not changed since it was read (ETag), so nothing is spent twice, however many spend at once.
 */
export function createTableBudget(
  name: string,
  access: TablesAccess,
  options: CallStoreOptions = {},
): HourlyBudget {
  const load = tableLoader('budgets', access, options);
  return {
    spend: (perHour, nowMs) =>
      withStorage('spending of a budget', async () => await spend(await load(), name, perHour, nowMs)),
  };
}

async function spend(table: TableClient, name: string, perHour: number, nowMs: number): Promise<number> {
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
    const row = await read(table, name);
    const spending = spendOne(row?.minutes ?? [], perHour, nowMs);
    if (spending.kind === 'refused') return spending.retryAfterMs;
    if (await isWritten(table, name, spending.minutes, row?.etag)) return 0;
  }
  throw new CallStoreError(`others changed a budget ${MAX_CONFLICTS} times in a row`);
}

async function read(
  table: TableClient,
  name: string,
): Promise<{ minutes: SpentMinutes; etag: string } | undefined> {
  const row = await unlessMissing(table.getEntity<Row>(PARTITION, name));
  return row && { minutes: JSON.parse(row.minutes) as SpentMinutes, etag: row.etag };
}

/** Writes the row, and returns false if another write came first. Omit `etag` for a new row. */
async function isWritten(
  table: TableClient,
  name: string,
  minutes: SpentMinutes,
  etag: string | undefined,
): Promise<boolean> {
  const entity = { partitionKey: PARTITION, rowKey: name, minutes: JSON.stringify(minutes) };
  if (etag === undefined) return await creatingTable(table, () => makesRow(table.createEntity(entity)));
  return await replacesRow(table.updateEntity(entity, 'Replace', { etag }));
}
