import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { RunningServer } from '../common/child.ts';
import { createAzuriteTableServer } from './azurite-table.ts';

interface TablesOptions {
  /** 0 for any free port. */
  readonly port: number;
  readonly host?: string;
  /** The folder in which tables outlive the process; without one they live in memory. */
  readonly location?: string;
}

export interface RunningTables extends RunningServer {
  /** For `TableClient.fromConnectionString` and `TABLES_CONNECTION_STRING`. */
  readonly connectionString: string;
}

/** An account, and its key in base64. */
interface TablesAccount {
  readonly name: string;
  readonly key: string;
}

/** The account that every storage emulator of Microsoft has; its key is public and protects nothing. */
const PUBLISHED_ACCOUNT: TablesAccount = {
  name: 'devstoreaccount1',
  key: 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==',
};

const FILE_NAME = '__azurite_db_table__.json';
/** Azurite reads its accounts from here. With accounts that it cannot read it serves the public one. */
const ACCOUNTS_VARIABLE = 'AZURITE_ACCOUNTS';
const ACCOUNT = /^([a-z0-9]{3,24}):([A-Za-z0-9+/]{4,}={0,2});?$/;

/**
 * Starts table storage for the account of `AZURITE_ACCOUNTS` (`name:key`), or else for the one of every emulator.
 *
 * @throws one sentence when the port is taken, or `AZURITE_ACCOUNTS` is not one account and its key
 */
export async function startTables(options: TablesOptions): Promise<RunningTables> {
  const account = accountOf(process.env[ACCOUNTS_VARIABLE]);
  const server = await createAzuriteTableServer({
    host: options.host ?? '127.0.0.1',
    port: options.port,
    file: options.location === undefined ? undefined : tablesFile(options.location),
  });
  await server.start();
  const url = server.getHttpServerAddress();
  let closing: Promise<void> | undefined;
  return {
    url,
    connectionString: connectionTo(url, account),
    close: () => {
      closing ??= server.close();
      return closing;
    },
  };
}

function accountOf(setting: string | undefined): TablesAccount {
  if (setting === undefined || setting === '') return PUBLISHED_ACCOUNT;
  const [, name, key] = ACCOUNT.exec(setting) ?? [];
  if (name === undefined || key === undefined)
    throw new Error(`${ACCOUNTS_VARIABLE} must be one account and its key in base64: name:key`);
  return { name, key };
}

function connectionTo(url: string, { name, key }: TablesAccount): string {
  return `DefaultEndpointsProtocol=http;AccountName=${name};AccountKey=${key};TableEndpoint=${url}/${name};`;
}

/** Of table storage at an address with a key of its own: the environment of its process, and the connection string. */
export function tablesWithKey(
  url: string,
  key: string,
): { readonly env: Record<string, string>; readonly connectionString: string } {
  const account = { ...PUBLISHED_ACCOUNT, key };
  return {
    env: { [ACCOUNTS_VARIABLE]: `${account.name}:${key}` },
    connectionString: connectionTo(url, account),
  };
}

function tablesFile(location: string): string {
  const folder = resolve(location);
  if (!existsSync(folder)) mkdirSync(folder, { recursive: true });
  return join(folder, FILE_NAME);
}
