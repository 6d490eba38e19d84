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

/** The account that every storage emulator of Microsoft has; its key is public and protects nothing. */
const ACCOUNT_NAME = 'devstoreaccount1';
const ACCOUNT_KEY =
  'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

const FILE_NAME = '__azurite_db_table__.json';
const ACCOUNTS_VARIABLE = 'AZURITE_ACCOUNTS';

/**
 * Starts table storage.
 *
 * @throws one sentence when the port is taken or `AZURITE_ACCOUNTS` would replace the well-known account
 */
export async function startTables(options: TablesOptions): Promise<RunningTables> {
  if (process.env[ACCOUNTS_VARIABLE])
    throw new Error(
      `${ACCOUNTS_VARIABLE} is set; local table storage serves the account ${ACCOUNT_NAME} only`,
    );
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
    connectionString: tablesConnection(url),
    close: () => {
      closing ??= server.close();
      return closing;
    },
  };
}

/** The connection string of table storage at this address. */
export function tablesConnection(url: string): string {
  return `DefaultEndpointsProtocol=http;AccountName=${ACCOUNT_NAME};AccountKey=${ACCOUNT_KEY};TableEndpoint=${url}/${ACCOUNT_NAME};`;
}

function tablesFile(location: string): string {
  const folder = resolve(location);
  if (!existsSync(folder)) mkdirSync(folder, { recursive: true });
  return join(folder, FILE_NAME);
}
