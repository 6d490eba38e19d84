import type { TableClient, TableServiceClientOptions } from '@azure/data-tables';
import type { TokenCredential } from '@azure/identity';
import { CallStoreError } from '../../call/stores.ts';

export type TablesAccess =
  | { readonly connectionString: string }
  | { readonly endpoint: string; readonly credential: () => Promise<TokenCredential> };

export interface CallStoreOptions {
  /** `http:` instead of `https:`, for a table service on this machine only. Defaults to false. */
  readonly allowInsecureConnection?: boolean;
  /** How often a request is retried that storage did not answer. Defaults to 3. */
  readonly maxRetries?: number;
  /** How long storage may take to answer one request, in milliseconds. Defaults to 10 seconds. */
  readonly answerLimitMs?: number;
}

/** The SDK itself waits without end. */
const ANSWER_LIMIT_MS = 10_000;

type Policy = NonNullable<TableServiceClientOptions['additionalPolicies']>[number];

/** Opens a table on first use, and again if that failed. The SDK is loaded with it. */
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
    additionalPolicies: [answerLimit(options.answerLimitMs ?? ANSWER_LIMIT_MS)],
    retryOptions: { maxRetries: options.maxRetries ?? 3, retryDelayInMs: 200, maxRetryDelayInMs: 2_000 },
  };
  if ('connectionString' in access)
    return sdk.TableClient.fromConnectionString(access.connectionString, name, all);
  return new sdk.TableClient(access.endpoint, name, await access.credential(), all);
}

function answerLimit(limitMs: number): Policy {
  return {
    position: 'perCall',
    policy: {
      name: 'answerLimit',
      sendRequest: (request, next) => {
        request.timeout = limitMs;
        return next(request);
      },
    },
  };
}

/** Runs something with storage. @throws CallStoreError that names the action, and neither rows nor addresses */
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

/**
 * The result of a request, or undefined if there is no such row or table. @throws what the request throws otherwise
 */
export async function unlessMissing<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if (storageStatusOf(error) === 404) return undefined;
    throw error;
  }
}

/**
 * Whether the request has created a row; false if there is one with that key (409). Use it within `creatingTable`,
 * not around it, since a table that cannot be created is a 409 as well. @throws what the request throws otherwise
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
 * Whether the request has replaced a row that was read (ETag); false if another write came first. Within
 * `creatingTable`, as `makesRow`. @throws what the request throws otherwise
 */
export async function replacesRow(request: Promise<unknown>): Promise<boolean> {
  try {
    await request;
    return true;
  } catch (error) {
    const status = storageStatusOf(error);
    if (status === 404 || status === 409 || status === 412) return false;
    throw error;
  }
}

/**
 * Writes. If the table does not exist, creates it and writes once more.
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

/** The HTTP status with which storage refused a request; undefined for other errors. */
export function storageStatusOf(error: unknown): number | undefined {
  const status = error instanceof Error ? (error as Error & { statusCode?: unknown }).statusCode : undefined;
  return typeof status === 'number' ? status : undefined;
}
