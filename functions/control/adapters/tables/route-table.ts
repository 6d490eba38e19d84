import {
  type CallStoreOptions,
  creatingTable,
  type TablesAccess,
  tableLoader,
  unlessMissing,
  withStorage,
} from './table-access.ts';
import { MAX_TEXT_CHARACTERS, partsOf, type TextParts, textOf } from './text-parts.ts';

/** Routes in a table: the row `current` of the partition `routes` in the table `settings`. */
interface RouteTable {
  /**
   * The JSON text of the routes, or undefined if none are stored.
   * @throws CallStoreError if storage fails
   */
  read(): Promise<string | undefined>;
  /** Replaces them. @throws CallStoreError if storage fails, RangeError if the text does not fit a row */
  write(text: string): Promise<void>;
  /** Removes them, so that those of the app's settings are in force again. @throws CallStoreError if storage fails */
  remove(): Promise<void>;
}

const PARTITION = 'routes';
const ROW = 'current';

/** The SDK is loaded on first use. */
export function createRouteTable(access: TablesAccess, options: CallStoreOptions = {}): RouteTable {
  const load = tableLoader('settings', access, options);
  return {
    read: () =>
      withStorage('reading the routes', async () => {
        const row = await unlessMissing((await load()).getEntity<TextParts<'text'>>(PARTITION, ROW));
        return row && textOf('text', row);
      }),
    write: async (text) => {
      const entity = { partitionKey: PARTITION, rowKey: ROW, ...routeParts(text) };
      await withStorage('storing the routes', async () => {
        const table = await load();
        await creatingTable(table, () => table.upsertEntity(entity, 'Replace'));
      });
    },
    remove: () =>
      withStorage('removing the routes', async () => {
        await unlessMissing((await load()).deleteEntity(PARTITION, ROW));
      }),
  };
}

function routeParts(text: string): TextParts<'text'> {
  const parts = partsOf('text', text);
  if (parts === undefined)
    throw new RangeError(
      `the routes have ${text.length} characters, and the table takes ${MAX_TEXT_CHARACTERS}`,
    );
  return parts;
}
