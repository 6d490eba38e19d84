import type { HandoverStore } from '../../call/stores.ts';
import {
  type CallStoreOptions,
  creatingTable,
  type TablesAccess,
  tableLoader,
  unlessMissing,
  withStorage,
} from './table-access.ts';

interface Row {
  readonly sealed: string;
}

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
    put: (callId, sealed) =>
      withStorage('keeping a handover', async () => {
        const table = await load();
        const entity = { partitionKey: callId, rowKey: ROW_KEY, sealed };
        await creatingTable(table, () => table.upsertEntity(entity, 'Replace'));
      }),
  };
}
