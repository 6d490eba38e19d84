import { randomUUID } from 'node:crypto';
import type { TableClient } from '@azure/data-tables';
import {
  giveOneBack,
  type HourlyBudget,
  type Spent,
  type SpentMinutes,
  spendOne,
} from '../../call/hourly-budget.ts';
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

/** How often a change is retried because another one came first. Of several at once, one succeeds each time. */
const MAX_CONFLICTS = 40;

/**
 * Ids of what was given back last that the row remembers. If storage does not answer a write, it may have made it, and
 * the next attempt finds the id here. No more others can come in between than attempts are made.
 */
const REMEMBERED = 2 * MAX_CONFLICTS;

interface Row {
  /** `SpentMinutes` as JSON. */
  readonly minutes: string;
  /** Ids of what was given back last, newest last, as JSON. Rows of earlier versions have none. */
  readonly givenBack?: string;
}

interface Account {
  readonly minutes: SpentMinutes;
  readonly givenBack: readonly string[];
}

const EMPTY: Account = { minutes: [], givenBack: [] };

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
      withStorage('spending of a budget', async () => {
        let refused: Awaited<ReturnType<HourlyBudget['spend']>> | undefined;
        const { minutes } = await change(await load(), name, (account) => {
          const spending = spendOne(account.minutes, perHour, nowMs);
          refused = spending.kind === 'refused' ? spending : undefined;
          return spending.kind === 'refused' ? account : { ...account, minutes: spending.minutes };
        });
        return refused ?? { kind: 'spent', id: randomUUID(), minute: minutes.at(-1)?.[0] ?? 0 };
      }),
    giveBack: (spent) =>
      withStorage('giving back to a budget', async () => {
        await change(await load(), name, (account) => withoutOne(account, spent));
      }),
  };
}

function withoutOne(account: Account, { id, minute }: Spent): Account {
  if (account.givenBack.includes(id)) return account;
  const minutes = giveOneBack(account.minutes, minute);
  return { minutes, givenBack: [...account.givenBack, id].slice(-REMEMBERED) };
}

/** Replaces the account by the result of `by`, unless that is the account itself. */
async function change(table: TableClient, name: string, by: (account: Account) => Account): Promise<Account> {
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
    const row = await read(table, name);
    const before = row?.account ?? EMPTY;
    const after = by(before);
    if (after === before || (await isWritten(table, name, after, row?.etag))) return after;
  }
  throw new CallStoreError(`others changed a budget ${MAX_CONFLICTS} times in a row`);
}

async function read(
  table: TableClient,
  name: string,
): Promise<{ account: Account; etag: string } | undefined> {
  const row = await unlessMissing(table.getEntity<Row>(PARTITION, name));
  if (row === undefined) return undefined;
  const minutes = JSON.parse(row.minutes) as SpentMinutes;
  const givenBack = JSON.parse(row.givenBack ?? '[]') as string[];
  return { account: { minutes, givenBack }, etag: row.etag };
}

/** Writes the row, and returns false if another write came first. Omit `etag` for a new row. */
async function isWritten(
  table: TableClient,
  name: string,
  { minutes, givenBack }: Account,
  etag: string | undefined,
): Promise<boolean> {
  const row: Row = { minutes: JSON.stringify(minutes), givenBack: JSON.stringify(givenBack) };
  const entity = { partitionKey: PARTITION, rowKey: name, ...row };
  if (etag === undefined) return await creatingTable(table, () => makesRow(table.createEntity(entity)));
  return await replacesRow(table.updateEntity(entity, 'Replace', { etag }));
}
