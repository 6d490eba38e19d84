/** Which processes make up the local system, and the environment of each: what Azure's app settings would be. */
import { pathToFileURL } from 'node:url';
import { HUB } from '../../../shared/wire/names.ts';
import { tablesWithKey } from '../../emulators/storage/server.ts';
import { moduleFile } from '../project/installation.ts';
import type { ChildSpec } from './child.ts';
import type { PartName, Ports } from './ports.ts';
import type { Secrets } from './secrets.ts';

export interface SystemLayout {
  readonly ports: Ports;
  readonly secrets: Secrets;
  /** The folder of the function app: `host.json`, `package.json` and the built bundle. */
  readonly controlApp: string;
  readonly workerApp: string;
  readonly relayModule: string;
  /** Workers that stay with their calls, in a process of their own. Defaults to none. */
  readonly resident?: {
    readonly workers: readonly string[];
    readonly port: number;
    /** What runs them. Defaults to the process of the repository's own workers. */
    readonly module?: string;
  };
  /** Where debuggers find the worker app, and one port on the resident workers. */
  readonly inspectPort?: number | undefined;
  /** Settings on top of those given here, for each part. */
  readonly extraEnv?: Partial<Readonly<Record<PartName, Readonly<Record<string, string>>>>>;
  /** Arguments after those given here, for each part. */
  readonly extraArgs?: Partial<Readonly<Record<PartName, readonly string[]>>>;
}

/** Whom calls may be placed to: numbers that are kept for fiction, and people with an app of the emulator's. */
export const FICTIONAL_TELEPHONES = '+142555501*,8:acs:acdc_*';

/** Node 22 does not know the last of the arguments of the relay. */
const KNOWS_EXTERNAL_LIMIT = Number(process.versions.node.split('.')[0]) >= 24;

/** Node's flags for the relay, as in its container: docs/decisions/0071-room-for-the-old-generation.md. */
export const RELAY_NODE_ARGS: readonly string[] = [
  '--single-threaded-gc',
  '--max-semi-space-size=16',
  '--initial-old-space-size=256',
  ...(KNOWS_EXTERNAL_LIMIT ? ['--external-memory-accounted-in-global-limit'] : []),
];

export function addressOf(ports: Ports, part: PartName): string {
  return `http://127.0.0.1:${ports[part]}`;
}

/** The webhook of the Event Grid trigger, with its system key. */
export function eventGridWebhook({ ports, secrets }: SystemLayout): string {
  return `${addressOf(ports, 'control')}/runtime/webhooks/eventgrid?functionName=incomingCall&code=${secrets.eventGridKey}`;
}

/** The spec of one part. `routes` is needed by the control app alone. */
export function specOf(part: PartName, layout: SystemLayout, routes: readonly object[] = []): ChildSpec {
  const spec = makers[part](layout, routes);
  return {
    ...spec,
    args: [...(spec.args ?? []), ...(layout.extraArgs?.[part] ?? [])],
    env: { ...spec.env, ...layout.extraEnv?.[part] },
  };
}

const makers: Record<PartName, (layout: SystemLayout, routes: readonly object[]) => ChildSpec> = {
  tables: (layout) => ({
    name: 'table storage',
    module: moduleFile('local/emulators/storage/main'),
    args: ['--port', String(layout.ports.tables)],
    env: tablesOf(layout).env,
  }),
  webPubSub: ({ ports, secrets, resident }) => ({
    name: 'Web PubSub',
    module: moduleFile('local/emulators/web-pubsub/main'),
    args: ['--port', String(ports.webPubSub)],
    env: {
      WebPubSub__AccessKey: secrets.webPubSubAccessKey,
      ...eventHandlers([
        ...(resident === undefined
          ? []
          : [{ url: residentUrl(resident), events: resident.workers.join(',') }]),
        { url: addressOf(ports, 'worker'), events: '*' },
      ]),
    },
  }),
  acs: (layout) => ({
    name: 'ACS',
    module: moduleFile('local/emulators/acs/main'),
    // Media has a deadline every 20 ms; collecting garbage on one thread pauses it a third as long on a busy core.
    nodeArgs: ['--single-threaded-gc'],
    args: ['--port', String(layout.ports.acs)],
    env: {
      ACS_ACCESS_KEY: layout.secrets.acsAccessKey,
      ACS_RESOURCE_ID: layout.secrets.acsResourceId,
      ACS_CONTROL_TOKEN: layout.secrets.acsControlToken,
      EVENT_GRID_ENDPOINT: eventGridWebhook(layout),
    },
  }),
  relay: (layout) => ({
    name: 'relay',
    module: layout.relayModule,
    nodeArgs: RELAY_NODE_ARGS,
    env: {
      HOST: '127.0.0.1',
      PORT: String(layout.ports.relay),
      WEB_PUBSUB_CONNECTION_STRING: webPubSubConnection(layout),
      RELAY_TICKET_KEY: layout.secrets.ticketKey,
      RELAY_ADMIN_TOKEN: layout.secrets.relayAdminToken,
      CONTROL_URL: addressOf(layout.ports, 'control'),
      ...acsTokenSettings(layout),
    },
  }),
  worker: (layout) => ({
    ...functionApp(layout, 'worker', workerSettings(layout)),
    isWatched: true,
    nodeArgs: inspect(layout.inspectPort),
  }),
  control: (layout, routes) => {
    const { ports, secrets } = layout;
    return functionApp(layout, 'control', {
      ACS_CONNECTION_STRING: `endpoint=${addressOf(ports, 'acs')}/;accesskey=${secrets.acsAccessKey}`,
      PUBLIC_BASE_URL: addressOf(ports, 'control'),
      RELAY_URL: addressOf(ports, 'relay').replace('http:', 'ws:'),
      WORKER_URL: addressOf(ports, 'worker'),
      RELAY_TICKET_KEY: secrets.ticketKey,
      CALL_ROUTES: JSON.stringify(routes),
      OUTBOUND_ALLOWED: FICTIONAL_TELEPHONES,
      OUTBOUND_CALLS_PER_HOUR: '10000',
      API_READS_PER_MINUTE: '600000',
      API_ACTS_PER_MINUTE: '600000',
      TABLES_CONNECTION_STRING: tablesConnectionOf(layout),
      WEB_PUBSUB_CONNECTION_STRING: webPubSubConnection(layout),
      ...acsTokenSettings(layout),
    });
  },
};

/** Resident workers run from their sources, where Node must learn to import recordings. */
export const WAV_IMPORTS: readonly string[] = [
  '--import',
  pathToFileURL(moduleFile('functions/workers/hosts/wav-imports')).href,
];

/** The process of the resident workers. */
export function residentSpec(
  layout: SystemLayout,
  {
    workers,
    port,
    module = moduleFile('functions/workers/hosts/resident/main'),
  }: NonNullable<SystemLayout['resident']>,
): ChildSpec {
  return {
    name: 'resident workers',
    module,
    args: [...workers, '--port', String(port)],
    env: workerSettings(layout),
    isWatched: true,
    nodeArgs: [...WAV_IMPORTS, ...inspect(layout.inspectPort && layout.inspectPort + 1)],
  };
}

function inspect(port: number | undefined): string[] {
  return port === undefined ? [] : [`--inspect=127.0.0.1:${port}`];
}

export function residentUrl({ port }: NonNullable<SystemLayout['resident']>): string {
  return `http://127.0.0.1:${port}`;
}

/** The hub's table of event handlers: the first whose events fit gets an event. */
function eventHandlers(
  handlers: readonly { readonly url: string; readonly events: string }[],
): Record<string, string> {
  const rows = handlers.flatMap(({ url, events }, index) => {
    const row = `WebPubSub__Hubs__${HUB}__EventHandlers__${index}`;
    return [
      [`${row}__UrlTemplate`, `${url}/api/workers/{event}`] as const,
      [`${row}__EventPattern`, events] as const,
    ];
  });
  return Object.fromEntries(rows);
}

function functionApp(
  layout: SystemLayout,
  role: 'control' | 'worker',
  settings: Record<string, string>,
): ChildSpec {
  const { ports, secrets } = layout;
  return {
    name: `${role} app`,
    module: moduleFile('local/emulators/functions-host/main'),
    args: ['--app', role === 'control' ? layout.controlApp : layout.workerApp, '--port', String(ports[role])],
    env: {
      FUNCTIONS_WORKER_RUNTIME: 'node',
      APP_ROLE: role,
      FUNCTIONS_HOST_KEYS: JSON.stringify({
        master: secrets.functionsMasterKey,
        host: { default: secrets.functionsHostKey },
        system: { eventgrid_extension: secrets.eventGridKey },
      }),
      ...settings,
    },
  };
}

function acsTokenSettings({ ports, secrets }: SystemLayout): Record<string, string> {
  return {
    ACS_TOKEN_AUDIENCE: secrets.acsResourceId,
    ACS_TOKEN_ISSUER: addressOf(ports, 'acs'),
    ACS_JWKS_URL: `${addressOf(ports, 'acs')}/calling/keys`,
  };
}

export function tablesConnectionOf(layout: Pick<SystemLayout, 'ports' | 'secrets'>): string {
  return tablesOf(layout).connectionString;
}

function tablesOf({ ports, secrets }: Pick<SystemLayout, 'ports' | 'secrets'>) {
  return tablesWithKey(addressOf(ports, 'tables'), secrets.tablesKey);
}

function workerSettings(layout: SystemLayout): Record<string, string> {
  return {
    WEB_PUBSUB_CONNECTION_STRING: webPubSubConnection(layout),
    CONTROL_URLS: addressOf(layout.ports, 'control'),
  };
}

function webPubSubConnection({ ports, secrets }: Pick<SystemLayout, 'ports' | 'secrets'>): string {
  return `Endpoint=${addressOf(ports, 'webPubSub')};AccessKey=${secrets.webPubSubAccessKey};Version=1.0;`;
}
