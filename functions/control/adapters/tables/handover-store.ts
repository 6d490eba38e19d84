import { CallStoreError, type HandoverStore } from '../../call/stores.ts';
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

interface Row {
  readonly sealed: string;
  /** As text: a number of milliseconds. */
  readonly version: string;
}

/** How often a write is retried because another one came first. A call has one stream at a time, seldom two. */
const MAX_CONFLICTS = 5;

const ROW_KEY = 'stream';

/** Handovers in the table `handovers`, one row and partition per call. The table is created by the first write. */
export function createTableHandoverStore(
  access: TablesAccess,
  options: CallStoreOptions = {},
): HandoverStore {
  const load = tableLoader('handovers', access, options);
  return {
    get: (callId) =>
      withStorage('reading a handover', async () => {
        const row = await unlessMissing((await load()).getEntity<Row>(callId, ROW_KEY));
        return row?.sealed;
      }),
    remove: (callId) =>
      withStorage('removing a handover', async () => {
        await unlessMissing((await load()).deleteEntity(callId, ROW_KEY));
      }),
    put: (callId, sealed, version) =>
      withStorage('keeping a handover', async () => {
        const table = await load();
        const entity = { partitionKey: callId, rowKey: ROW_KEY, sealed, version: String(version) };
        for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
          const row = await unlessMissing(table.getEntity<Row>(callId, ROW_KEY));
          if (row !== undefined && Number(row.version) > version) return false;
          const isWritten =
            row === undefined
              ? creatingTable(table, () => makesRow(table.createEntity(entity)))
              : replacesRow(table.updateEntity(entity, 'Replace', { etag: row.etag }));
          if (await isWritten) return true;
        }
        throw new CallStoreError(`others changed a handover ${MAX_CONFLICTS} times in a row`);
      }),
  };
}
