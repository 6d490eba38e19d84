import type { HandoverStore } from '../core/handover-store.ts';
import type { CallStoreOptions, TablesAccess } from './call-store.ts';
import { storageStatusOf, tableLoader, withStorage } from './table-access.ts';

interface Row {
  readonly sealed: string;
}

const ROW_KEY = 'stream';

/** Handovers in the table `handovers`, one row and partition for each call, which comes into being with the first one. */
export function createTableHandoverStore(
  access: TablesAccess,
  options: CallStoreOptions = {},
): HandoverStore {
  const load = tableLoader('handovers', access, options);
  return {
    get: (callId) =>
      withStorage('reading a handover', async () => {
        const table = await load();
        try {
          return (await table.getEntity<Row>(callId, ROW_KEY)).sealed;
        } catch (error) {
          if (storageStatusOf(error) === 404) return undefined;
          throw error;
        }
      }),
    remove: (callId) =>
      withStorage('removing a handover', async () => {
        try {
          await (await load()).deleteEntity(callId, ROW_KEY);
        } catch (error) {
          if (storageStatusOf(error) !== 404) throw error;
        }
      }),
    put: (callId, sealed) =>
      withStorage('keeping a handover', async () => {
        const table = await load();
        const put = () => table.upsertEntity({ partitionKey: callId, rowKey: ROW_KEY, sealed }, 'Replace');
        try {
          await put();
        } catch (error) {
          // The table is not there yet.
          if (storageStatusOf(error) !== 404) throw error;
          await table.createTable();
          await put();
        }
      }),
  };
}
