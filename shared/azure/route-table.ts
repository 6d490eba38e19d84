import {
  type CallStoreOptions,
  creatingTable,
  type TablesAccess,
  tableLoader,
  unlessMissing,
  withStorage,
} from './table-access.ts';

/** Routes in a table: the row `current` of the partition `routes` in the table `settings`. */
export interface RouteTable {
  /**
   * The JSON text of the routes, or undefined where none are stored.
   * @throws CallStoreError when storage fails.
   */
  read(): Promise<string | undefined>;
  /** Replaces them. @throws CallStoreError when storage fails, RangeError for more text than a row holds. */
  write(text: string): Promise<void>;
  /** Takes them away, so that those of the app's settings hold again. @throws CallStoreError when storage fails. */
  remove(): Promise<void>;
}

const PARTITION = 'routes';
const ROW = 'current';

/** A property of a row holds at most 64 KiB of UTF-16, and a row 1 MiB. */
const PART_CHARACTERS = 30_000;
const MAX_PARTS = 15;

type Row = { readonly parts: number } & { readonly [part: `text${number}`]: string };

/** The SDK is loaded with the first use. */
export function createRouteTable(access: TablesAccess, options: CallStoreOptions = {}): RouteTable {
  const load = tableLoader('settings', access, options);
  return {
    read: () =>
      withStorage('reading the routes', async () => {
        const row = await unlessMissing((await load()).getEntity<Row>(PARTITION, ROW));
        return row && Array.from({ length: row.parts }, (_, part) => row[`text${part}`] ?? '').join('');
      }),
    write: async (text) => {
      const entity = { partitionKey: PARTITION, rowKey: ROW, ...partsOf(text) };
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

function partsOf(text: string): Record<string, string | number> {
  const parts = Math.ceil(text.length / PART_CHARACTERS);
  if (parts > MAX_PARTS)
    throw new RangeError(
      `the routes have ${text.length} characters, and the table takes ${PART_CHARACTERS * MAX_PARTS}`,
    );
  const properties: Record<string, string | number> = { parts };
  for (let part = 0; part < parts; part += 1)
    properties[`text${part}`] = text.slice(part * PART_CHARACTERS, (part + 1) * PART_CHARACTERS);
  return properties;
}
