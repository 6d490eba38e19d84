import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isLoopbackHttp } from '../../shared/base/loopback-url.ts';
import { ConfigError, type Environment } from '../../shared/base/settings.ts';
import {
  type AcsTokenVerifier,
  CALLBACK_TOKEN_MAX_S,
  createAcsTokenVerifier,
} from '../../shared/wire/acs/acs-token.ts';
import { parseRoutes, RoutesError } from '../../shared/wire/call/routes-schema.ts';
import { type Access, createAccess, type HostCheck } from './access/access.ts';
import { createEntraTokenVerifier } from './access/entra-token.ts';
import { createOutboundGuard, type OutboundGuard } from './access/outbound-guard.ts';
import { StreamPlaces } from './access/stream-places.ts';
import { createAcsCalls } from './adapters/acs/acs-call-client.ts';
import { tokenCredential } from './adapters/credentials.ts';
import { healthProbes } from './adapters/health-probes.ts';
import { createTableCallStore } from './adapters/tables/call-store.ts';
import { createTableHandoverStore } from './adapters/tables/handover-store.ts';
import { createTableIdempotencyStore } from './adapters/tables/idempotency-store.ts';
import { createRouteTable } from './adapters/tables/route-table.ts';
import { createTableBudget } from './adapters/tables/table-budget.ts';
import { relayPublisher, workerPublisher } from './adapters/web-pubsub/relay-publisher.ts';
import type { IdempotencyStore } from './call/idempotency.ts';
import type { HandoverStore } from './call/stores.ts';
import { ProblemError } from './http/problems.ts';
import { type Connection, readControlConfig } from './settings/control-config.ts';
import type { ControlDeps, Log } from './use-cases/deps.ts';
import { MessageEntries } from './use-cases/message-entries.ts';
import { RouteBook } from './use-cases/set-up-call.ts';
import { HealthWatch } from './use-cases/watch-health.ts';

const ROUTES_FILE = 'routes.json';

export interface ControlApp {
  readonly deps: ControlDeps;
  /** Decides who may use the HTTP API. */
  readonly access: Access;
  /** Decides which destinations the HTTP API may call. */
  readonly outbound: OutboundGuard;
  /** The stored answers of requests with an Idempotency-Key. */
  readonly idempotency: IdempotencyStore;
  /** What a media stream of a call leaves for the next one. */
  readonly handovers: HandoverStore;
  /** The timelines that this process is streaming. */
  readonly streams: StreamPlaces;
  /** How the other parts of the system are. */
  readonly health: Pick<HealthWatch, 'health'>;
  /** Verifies that a callback comes from ACS. */
  readonly acsTokens: AcsTokenVerifier;
  /** The ticket keys, with which relays sign and seal: the current one, then the previous one. */
  readonly ticketKeys: readonly string[];
  /** How long a call is kept after its end. */
  readonly retentionMs: number;
}

/** Loads the app in an invocation. Rejects with ConfigError or RoutesError if the settings are wrong. */
export type LoadControlApp = () => Promise<ControlApp>;

/** After a failure whose cause may pass, such as too many open files, the app is created at most this often. */
const RECREATE_AFTER_MS = 10_000;

/**
 * Creates the app when it is first needed. Settings are read once, so wrong ones stay wrong until the process starts
 * again. Every other failure may pass, and the next attempt comes after a while.
 */
export function controlAppLoader(env: Environment, now: () => number = Date.now): LoadControlApp {
  let made: { readonly app: ControlApp } | { readonly error: unknown; readonly atMs: number } | undefined;
  return async () => {
    const isDue =
      made === undefined ||
      ('error' in made && !isOfSettings(made.error) && now() - made.atMs >= RECREATE_AFTER_MS);
    if (made === undefined || isDue) {
      try {
        made = { app: createControlApp(env) };
      } catch (error) {
        made = { error, atMs: now() };
      }
    }
    if ('error' in made) throw made.error;
    return made.app;
  };
}

function isOfSettings(error: unknown): error is ConfigError | RoutesError {
  return error instanceof ConfigError || error instanceof RoutesError;
}

/** Errors of the settings that are in the log. Anybody can make the app say that it has one, so each is there once. */
const logged = new WeakSet<Error>();

/**
 * The app for a request. Problems of its settings go to the log once. Only a caller whose key the host has checked
 * learns what they are; others learn that there are some.
 * @throws ProblemError
 */
export async function loadForRequest(
  load: LoadControlApp,
  hostCheck: HostCheck,
  log: Log,
): Promise<ControlApp> {
  try {
    return await load();
  } catch (error) {
    if (!isOfSettings(error)) throw error;
    if (!logged.has(error)) {
      logged.add(error);
      log.error('The app cannot start because of its settings', { why: error.message });
    }
    const detail =
      hostCheck === 'function-key'
        ? error.message
        : 'The log of the control app lists the settings that need attention.';
    throw new ProblemError('misconfigured', detail);
  }
}

/** @throws ConfigError, RoutesError listing every problem of the settings */
function createControlApp(env: Environment): ControlApp {
  const config = readControlConfig(withRoutesFile(env));
  const routes = parseRoutes(config.routes);
  const credential = (): ReturnType<typeof tokenCredential> => tokenCredential(env);
  const tables = { ...config.tables, credential };
  const tableOptions = { allowInsecureConnection: isInsecure(config.tables, 'TableEndpoint') };
  const routeTable = createRouteTable(tables, tableOptions);
  const store = createTableCallStore(tables, tableOptions);
  const publishToRelay = config.webPubSub && relayPublisher(config.webPubSub, config.ticketKeys[0]);
  return {
    access: createAccess({
      ticketKeys: config.ticketKeys,
      ...(config.entra === undefined ? {} : { entra: createEntraTokenVerifier(config.entra) }),
      readCall: (callId) => store.get(callId),
      now: Date.now,
      ...config.apiRates,
      keyMayListen: config.keyMayListen,
    }),
    outbound: createOutboundGuard({
      ...config.outbound,
      budget: createTableBudget('calls', tables, tableOptions),
      now: Date.now,
    }),
    idempotency: createTableIdempotencyStore(tables, tableOptions),
    handovers: createTableHandoverStore(tables, tableOptions),
    streams: new StreamPlaces(),
    health: new HealthWatch({
      probes: healthProbes({
        store,
        relayUrl: config.relayUrl,
        webPubSubEndpoint: config.webPubSub?.endpoint,
        workerUrl: config.workerUrl,
      }),
      now: Date.now,
    }),
    acsTokens: createAcsTokenVerifier({ ...config.acsTokens, maxLifetimeS: CALLBACK_TOKEN_MAX_S }),
    ticketKeys: config.ticketKeys,
    retentionMs: config.retentionDays * 24 * 3_600_000,
    deps: {
      store,
      messages: new MessageEntries({ store, newId: randomUUID }),
      acs: createAcsCalls(
        { ...config.acs, credential },
        {
          allowInsecureConnection: isInsecure(config.acs, 'endpoint'),
          ...(config.cognitiveServicesEndpoint && {
            cognitiveServicesEndpoint: config.cognitiveServicesEndpoint,
          }),
        },
      ),
      clock: { now: Date.now, sleep: (ms) => sleep(ms) },
      newId: randomUUID,
      routes: new RouteBook({
        read: () => routeTable.read(),
        fallback: routes,
        now: Date.now,
      }),
      publicBaseUrl: config.publicBaseUrl,
      relayUrl: config.relayUrl,
      ticketKey: config.ticketKeys[0],
      maxCallMs: config.maxCallMinutes * 60_000,
      ...(publishToRelay && { publishToRelay, sendToWorkers: workerPublisher(publishToRelay) }),
    },
  };
}

/**
 * Adds the routes of the file `routes.json` beside `host.json` (the working directory), if the setting names none.
 */
function withRoutesFile(env: Environment): Environment {
  if (env['CALL_ROUTES'] !== undefined || !existsSync(ROUTES_FILE)) return env;
  return { ...env, CALL_ROUTES: readFileSync(ROUTES_FILE, 'utf8') };
}

/** Whether a service is reached without encryption. The settings allow that on this machine only. */
function isInsecure(connection: Connection, endpointName: string): boolean {
  if ('endpoint' in connection) return isLoopbackHttp(connection.endpoint);
  const part = connection.connectionString
    .split(';')
    .find((pair) => pair.trim().toLowerCase().startsWith(`${endpointName.toLowerCase()}=`));
  return part !== undefined && isLoopbackHttp(part.slice(part.indexOf('=') + 1).trim());
}
