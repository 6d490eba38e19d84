import type { TableClient, TableServiceClientOptions } from '@azure/data-tables';
import { CallStoreError } from '../core/call-store.ts';
import type { CallStoreOptions, TablesAccess } from './call-store.ts';

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

const TABLE = 'settings';
const PARTITION = 'routes';
const ROW = 'current';

/** A property of a row holds at most 64 KiB of UTF-16, and a row 1 MiB. */
const PART_CHARACTERS = 30_000;
const MAX_PARTS = 15;

type Row = { readonly parts: number } & { readonly [part: `text${number}`]: string };

/** The SDK is loaded with the first use. */
export function createRouteTable(access: TablesAccess, options: CallStoreOptions = {}): RouteTable {
  let table: Promise<TableClient> | undefined;
  const load = (): Promise<TableClient> => {
    table ??= open(access, options).catch((error: unknown) => {
      table = undefined;
      throw error;
    });
    return table;
  };
  return {
    read: () =>
      guard('reading the routes', async () => {
        try {
          const row = await (await load()).getEntity<Row>(PARTITION, ROW);
          return Array.from({ length: row.parts }, (_, part) => row[`text${part}`] ?? '').join('');
        } catch (error) {
          if (statusOf(error) === 404) return undefined;
          throw error;
        }
      }),
    write: async (text) => {
      const parts = Math.ceil(text.length / PART_CHARACTERS);
      if (parts > MAX_PARTS)
        throw new RangeError(
          `the routes have ${text.length} characters, and the table takes ${PART_CHARACTERS * MAX_PARTS}`,
        );
      const entity: Record<string, unknown> & { partitionKey: string; rowKey: string } = {
        partitionKey: PARTITION,
        rowKey: ROW,
        parts,
      };
      for (let part = 0; part < parts; part += 1)
        entity[`text${part}`] = text.slice(part * PART_CHARACTERS, (part + 1) * PART_CHARACTERS);
      await guard('storing the routes', async () => {
        const client = await load();
        try {
          await client.upsertEntity(entity, 'Replace');
        } catch (error) {
          if (statusOf(error) !== 404) throw error;
          await client.createTable();
          await client.upsertEntity(entity, 'Replace');
        }
      });
    },
    remove: () =>
      guard('removing the routes', async () => {
        try {
          await (await load()).deleteEntity(PARTITION, ROW);
        } catch (error) {
          if (statusOf(error) !== 404) throw error;
        }
      }),
  };
}

async function open(access: TablesAccess, options: CallStoreOptions): Promise<TableClient> {
  const sdk = await import('@azure/data-tables');
  const all: TableServiceClientOptions = {
    allowInsecureConnection: options.allowInsecureConnection ?? false,
    retryOptions: { maxRetries: options.maxRetries ?? 3, retryDelayInMs: 200, maxRetryDelayInMs: 2_000 },
  };
  if ('connectionString' in access)
    return sdk.TableClient.fromConnectionString(access.connectionString, TABLE, all);
  return new sdk.TableClient(access.endpoint, TABLE, await access.credential(), all);
}

async function guard<T>(action: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    const status = statusOf(cause);
    const why = status === undefined ? 'it could not be reached' : `it answered ${status}`;
    throw new CallStoreError(`${action} in table storage failed: ${why}`, { cause });
  }
}

function statusOf(error: unknown): number | undefined {
  const status = error instanceof Error ? (error as Error & { statusCode?: unknown }).statusCode : undefined;
  return typeof status === 'number' ? status : undefined;
}
