import type { TableClient, TableServiceClientOptions } from '@azure/data-tables';
import type { TokenCredential } from '@azure/identity';
import { CallStoreError } from '../../call/stores.ts';

export type TablesAccess =
  | { readonly connectionString: string }
  | { readonly endpoint: string; readonly credential: () => Promise<TokenCredential> };

export interface CallStoreOptions {
  /** For a table service on this machine only: `http:` instead of `https:`. Default false. */
  readonly allowInsecureConnection?: boolean;
  /** How often a request is repeated that storage did not answer. Default 3. */
  readonly maxRetries?: number;
}

/** Opens a table when it is first used, and again only if that failed. The SDK is loaded with it. */
export function tableLoader(
  name: string,
  access: TablesAccess,
  options: CallStoreOptions = {},
): () => Promise<TableClient> {
  let table: Promise<TableClient> | undefined;
  return () => {
    table ??= open(name, access, options).catch((error: unknown) => {
      table = undefined;
      throw error;
    });
    return table;
  };
}

async function open(name: string, access: TablesAccess, options: CallStoreOptions): Promise<TableClient> {
  const sdk = await import('@azure/data-tables');
  const all: TableServiceClientOptions = {
    allowInsecureConnection: options.allowInsecureConnection ?? false,
    retryOptions: { maxRetries: options.maxRetries ?? 3, retryDelayInMs: 200, maxRetryDelayInMs: 2_000 },
  };
  if ('connectionString' in access)
    return sdk.TableClient.fromConnectionString(access.connectionString, name, all);
  return new sdk.TableClient(access.endpoint, name, await access.credential(), all);
}

/** Runs something with storage. @throws CallStoreError that names the action, and neither rows nor addresses. */
export async function withStorage<T>(action: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    if (cause instanceof CallStoreError) throw cause;
    const status = storageStatusOf(cause);
    const why = status === undefined ? 'it could not be reached' : `it answered ${status}`;
    throw new CallStoreError(`${action} in table storage failed: ${why}`, { cause });
  }
}

/** What a request finds; undefined where storage has no such row or table. @throws what the request throws otherwise */
export async function unlessMissing<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if (storageStatusOf(error) === 404) return undefined;
    throw error;
  }
}

/**
 * Whether the request has made a row; false where there is one of that key (409). For the write within `creatingTable`, not around it: that a table cannot
 * be made is a 409 as well. @throws what the request throws otherwise
 */
export async function makesRow(request: Promise<unknown>): Promise<boolean> {
  try {
    await request;
    return true;
  } catch (error) {
    if (storageStatusOf(error) === 409) return false;
    throw error;
  }
}

/**
 * Writes, and where the table turns out not to be there, creates it and writes once more.
 * @throws what the write or the creation throws
 */
export async function creatingTable<T>(
  table: Pick<TableClient, 'createTable'>,
  write: () => Promise<T>,
): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (storageStatusOf(error) !== 404) throw error;
    await table.createTable();
    return await write();
  }
}

/** The HTTP status with which storage refused something; undefined for other errors. */
export function storageStatusOf(error: unknown): number | undefined {
  const status = error instanceof Error ? (error as Error & { statusCode?: unknown }).statusCode : undefined;
  return typeof status === 'number' ? status : undefined;
}
