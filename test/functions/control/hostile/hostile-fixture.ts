import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { TableClient, TableServiceClient } from '@azure/data-tables';
import { SignJWT } from 'jose';
import { createTableCallStore } from '../../../../functions/control/adapters/tables/call-store.ts';
import { startTables } from '../../../../local/emulators/storage/server.ts';
import { build } from '../../../../scripts/build.ts';
import { signCallToken } from '../../../../shared/wire/signed/call-token.ts';
import { type RelayAction, signRelayProof } from '../../../../shared/wire/signed/relay-proof.ts';
import { sealTicket } from '../../../../shared/wire/signed/ticket.ts';
import { type BuiltApp, writeApp } from '../../../local/emulators/functions-host/built-app.ts';
import { type HostProcess, KEYS, startHost } from '../../../local/emulators/functions-host/host-process.ts';
import { aCall, PLAN } from '../../../support/calls.ts';
import { AUDIENCE, type EntraTenant, startEntraTenant, TENANT_ID } from '../../../support/entra-tenant.ts';
import { closeAtOnce, listenOnLoopback } from '../../../support/loopback.ts';
import { type RawAnswer, type RawRequest, rawHttp } from '../../../support/raw-http.ts';

export const CALL = 'aaaabbbbccccddddaaaabbbbccccdddd';
/** A worker on both calls. */
export const WORKER = 'echo';
export const CONNECTION = '18dea47f-b081-4107-9a5c-4300819d2c6c';
export const OTHER_CALL = 'bbbbccccddddeeeebbbbccccddddeeee';
export const TICKET_KEY = 'the ticket key of the hostile tests, long enough';
export const FUNCTION_KEY = KEYS.host.default;
export const ACS_AUDIENCE = '33333333-3333-3333-3333-333333333333';
const ACS_ISSUER = 'https://acs.example';

type Api = 'keys' | 'entra';

const TIMERS = ['sweepCalls', 'removeOldCalls'];

/**
 * Two control apps, one opened by function keys and one by Entra ID, in processes of their own, with the calls of one
 * table storage. Azure Communication Services is a server that notes who asks it for anything.
 */
export class HostileFixture {
  readonly #tables: Awaited<ReturnType<typeof startTables>>;
  readonly #tenant: EntraTenant;
  readonly #acsSigner: EntraTenant;
  readonly #apps: Readonly<Record<Api, HostProcess>>;
  readonly #asked: readonly string[];
  readonly #close: () => Promise<void>;

  private constructor(parts: {
    readonly tables: Awaited<ReturnType<typeof startTables>>;
    readonly tenant: EntraTenant;
    readonly acsSigner: EntraTenant;
    readonly apps: Readonly<Record<Api, HostProcess>>;
    readonly asked: readonly string[];
    readonly close: () => Promise<void>;
  }) {
    this.#tables = parts.tables;
    this.#tenant = parts.tenant;
    this.#acsSigner = parts.acsSigner;
    this.#apps = parts.apps;
    this.#asked = parts.asked;
    this.#close = parts.close;
  }

  static async start(): Promise<HostileFixture> {
    const [tables, tenant, acsSigner, built] = await Promise.all([
      startTables({ port: 0 }),
      startEntraTenant(),
      startEntraTenant(),
      writeControlApp(),
    ]);
    const asked: string[] = [];
    const acs = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.writeHead(404).end();
    });
    const port = await listenOnLoopback(acs);
    const acsUrl = `http://127.0.0.1:${port}`;
    const env = {
      APP_ROLE: 'control',
      ACS_CONNECTION_STRING: `endpoint=${acsUrl}/;accesskey=${Buffer.from('key').toString('base64')}`,
      ACS_TOKEN_AUDIENCE: ACS_AUDIENCE,
      ACS_TOKEN_ISSUER: ACS_ISSUER,
      ACS_JWKS_URL: acsSigner.jwksUrl,
      PUBLIC_BASE_URL: 'https://control.example',
      RELAY_URL: 'wss://relay.example',
      RELAY_TICKET_KEY: TICKET_KEY,
      CALL_ROUTES: '[{"name":"out","match":{"direction":"outbound"},"workers":[{"name":"echo"}]}]',
      TABLES_CONNECTION_STRING: tables.connectionString,
      OUTBOUND_ALLOWED: '+1425*',
      ENTRA_TENANT_ID: TENANT_ID,
      ENTRA_AUDIENCE: AUDIENCE,
      ENTRA_JWKS_URL: tenant.jwksUrl,
      API_READS_PER_MINUTE: '60000',
      API_ACTS_PER_MINUTE: '60000',
      ...Object.fromEntries(TIMERS.map((name) => [`AzureWebJobs.${name}.Disabled`, 'true'])),
    };
    const [keys, entra] = await Promise.all([
      startHost(built.folder, { env: { ...env, API_AUTH: 'function-key' }, args: ['--strict'] }),
      startHost(built.folder, { env: { ...env, API_AUTH: 'entra' }, args: ['--strict'] }),
    ]);
    const close = async (): Promise<void> => {
      await Promise.all([keys.stop(), entra.stop()]);
      await Promise.all([tenant.close(), acsSigner.close(), tables.close()]);
      await closeAtOnce(acs);
      built.remove();
    };
    const fixture = new HostileFixture({ tables, tenant, acsSigner, apps: { keys, entra }, asked, close });
    await fixture.#storeCalls();
    return fixture;
  }

  /** What ACS was asked for. */
  get asked(): readonly string[] {
    return this.#asked;
  }

  /** Everything that both apps have printed. */
  get printed(): string {
    return this.#apps.keys.output() + this.#apps.entra.output();
  }

  /** Where `@azure/functions` listens in the app that function keys open. */
  get streamPort(): number {
    const [, port] = /the app listens on http:\/\/localhost:(\d+)/.exec(this.#apps.keys.output()) ?? [];
    return Number(port);
  }

  send(api: Api, request: RawRequest): Promise<RawAnswer> {
    return rawHttp(this.#apps[api].url, request);
  }

  /** Every row of every table, with its ETag. */
  async rows(): Promise<readonly string[]> {
    const options = { allowInsecureConnection: true };
    const { connectionString } = this.#tables;
    const rows: string[] = [];
    for await (const { name = '' } of TableServiceClient.fromConnectionString(
      connectionString,
      options,
    ).listTables()) {
      const table = TableClient.fromConnectionString(connectionString, name, options);
      for await (const row of table.listEntities()) rows.push(`${name} ${JSON.stringify(row)}`);
    }
    return rows.sort();
  }

  /** A token of Entra ID that may do everything, but for these claims. */
  entraToken(
    claims: Readonly<Record<string, unknown>> = {},
    roles: readonly string[] = ['Calls.Control'],
  ): Promise<string> {
    return this.#tenant.token(roles, claims);
  }

  entraPublicKey(): Promise<string> {
    return this.#tenant.publicKeyPem();
  }

  /** A token of ACS for a callback, but for these claims. */
  acsToken(claims: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const iat = Math.floor(Date.now() / 1_000);
    const notOfEntra = { tid: undefined, oid: undefined, azp: undefined, roles: undefined };
    const ofAcs = { iss: ACS_ISSUER, aud: ACS_AUDIENCE, iat, exp: iat + 300 };
    return this.#acsSigner.token([], { ...notOfEntra, ...ofAcs, ...claims });
  }

  acsPublicKey(): Promise<string> {
    return this.#acsSigner.publicKeyPem();
  }

  callToken(callId = CALL, expiresInMs = 600_000, key = TICKET_KEY): string {
    return signCallToken({ callId, worker: WORKER, expiresAtMs: Date.now() + expiresInMs }, key);
  }

  ticket(callId = CALL, expiresInMs = 600_000): Promise<string> {
    const expiresAtMs = Date.now() + expiresInMs;
    return sealTicket({ callId, from: '4:+1', to: '4:+2', plan: PLAN, expiresAtMs }, TICKET_KEY, Date.now());
  }

  relayProof(
    action: RelayAction,
    callId = CALL,
    nowMs = Date.now(),
    ticketKey = TICKET_KEY,
  ): Promise<string> {
    return signRelayProof({ callId, ticketKey }, action, nowMs);
  }

  /** A JWT by HS256. */
  signed(
    claims: Readonly<Record<string, unknown>>,
    key: string,
    header: Readonly<Record<string, unknown>> = {},
  ): Promise<string> {
    const all = { exp: Math.floor(Date.now() / 1_000) + 600, ...claims };
    return new SignJWT(all)
      .setProtectedHeader({ alg: 'HS256', ...header })
      .sign(new TextEncoder().encode(key));
  }

  close(): Promise<void> {
    return this.#close();
  }

  async #storeCalls(): Promise<void> {
    const store = createTableCallStore(
      { connectionString: this.#tables.connectionString },
      { allowInsecureConnection: true },
    );
    const nowMs = Date.now();
    const connected = {
      phase: 'connected',
      receivedAtMs: nowMs,
      expiresAtMs: nowMs + 3_600_000,
      connectedAtMs: nowMs,
    } as const;
    await store.create(aCall({ ...connected, callId: CALL, callConnectionId: CONNECTION }));
    await store.create(aCall({ ...connected, callId: OTHER_CALL, callConnectionId: 'another-connection' }));
    const entry = { id: 'entry', atMs: nowMs, source: 'api', type: 'Connected', details: {} } as const;
    await store.appendTimeline(CALL, entry);
  }
}

async function writeControlApp(): Promise<BuiltApp> {
  const hostJson = JSON.parse(
    readFileSync(new URL('../../../../host.json', import.meta.url), 'utf8'),
  ) as object;
  const app = writeApp({
    'package.json': '{"main":"dist/functions/main.cjs"}',
    'host.json': JSON.stringify({ ...hostJson, logging: { logLevel: { Host: 'Debug' } } }),
  });
  await build({ outDir: join(app.folder, 'dist'), parts: ['functions'] });
  return app;
}
