import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RunningServer } from '../process/child.ts';
import { type Clock, systemClock } from '../process/clock.ts';
import type { JsonField } from './client-protocol/protobuf-codec.ts';
import { CodecRegistry } from './client-protocol/registry.ts';
import { ControlEndpoint } from './control/control-endpoint.ts';
import type { HubRules } from './hub/hub-rules.ts';
import { hubKey, isHubName } from './hub/names.ts';
import { type Limits, SERVICE_LIMITS } from './limits.ts';
import type { LogSink } from './log.ts';
import { RestEndpoint } from './rest/rest-endpoint.ts';
import { AccessTokens } from './tokens/access-tokens.ts';
import { ClientEndpoint } from './transport/client-endpoint.ts';
import { HubRuntime } from './transport/hub-runtime.ts';
import type { EventHandler } from './upstream/event-handlers.ts';
import { Upstream } from './upstream/upstream.ts';

/** Port and key of Microsoft's emulator, so that either can stand in for the other. */
export const DEFAULT_PORT = 8080;
export const DEFAULT_ACCESS_KEY = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCDEFGH';

export interface WebPubSubOptions {
  /** Address to listen on. Default 127.0.0.1. */
  readonly host?: string;
  /** Default 8080; 0 picks a free port. */
  readonly port?: number;
  readonly accessKey?: string;
  /** Accepted as well, and signs events as well. */
  readonly secondaryAccessKey?: string;
  /** Event handlers by hub name, in any case. A hub exists whether or not it is named here. */
  readonly hubs?: Readonly<Record<string, readonly EventHandler[]>>;
  /** What a client notices when an event handler fails; see the README. Default `errorAck`. */
  readonly onUserEventFailure?: HubRules['onUserEventFailure'];
  /** What adding a user without connections to a group answers. Default `notFound`. */
  readonly onAddAbsentUser?: 'notFound' | 'ok';
  /** Which field JSON comes in for protobuf clients. Default `text` (`text_data`, as documented); `json` is `json_data`. */
  readonly jsonToProtobuf?: JsonField;
  /** Bounds that differ from the service's own. */
  readonly limits?: Partial<Limits>;
  /** Absent or empty: there is no control surface. */
  readonly controlToken?: string | undefined;
  readonly clock?: Clock;
  /** Told of event deliveries that failed and of internal errors. Default: nobody. */
  readonly log?: LogSink;
}

export interface RunningWebPubSub extends RunningServer {
  readonly port: number;
  readonly accessKey: string;
  /** What `WebPubSubServiceClient` takes; the endpoint is plain http, so clients need `allowInsecureConnection`. */
  readonly connectionString: string;
}

/**
 * Starts the stand-in for Azure Web PubSub.
 * @throws Error when a hub name is not valid, or the port is taken
 */
export async function startWebPubSub(options: WebPubSubOptions = {}): Promise<RunningWebPubSub> {
  const { host = '127.0.0.1', port = DEFAULT_PORT, accessKey = DEFAULT_ACCESS_KEY } = options;
  const { clock = systemClock, log = () => {}, secondaryAccessKey } = options;
  const limits: Limits = { ...SERVICE_LIMITS, ...options.limits };
  const keys: [string, ...string[]] = [
    accessKey,
    ...(secondaryAccessKey === undefined ? [] : [secondaryAccessKey]),
  ];
  const tokens = new AccessTokens(keys, clock, limits);
  const upstream = new Upstream({
    handlers: handlersByHub(options.hubs ?? {}),
    accessKeys: keys,
    limits,
    clock,
    log,
  });
  const rules: HubRules = { limits, onUserEventFailure: options.onUserEventFailure ?? 'errorAck' };
  const runtimes = new Map<string, HubRuntime>();
  const runtime = (hub: string): HubRuntime => {
    const known = runtimes.get(hub);
    if (known !== undefined) return known;
    const created = new HubRuntime(hub, rules, upstream, clock);
    runtimes.set(hub, created);
    return created;
  };
  const codecs = new CodecRegistry(options.jsonToProtobuf ?? 'text');
  const clients = new ClientEndpoint({ codecs, tokens, upstream, limits, log, runtime });
  const control = new ControlEndpoint({ token: options.controlToken, runtimes: () => runtimes.values() });
  const rest = new RestEndpoint({
    control,
    tokens,
    limits,
    log,
    runtime,
    onAddAbsentUser: options.onAddAbsentUser ?? 'notFound',
  });

  const server = createServer((request, response) => void rest.handle(request, response));
  server.on('upgrade', (request, socket, head) => void clients.upgrade(request, socket, head));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const bound = (server.address() as AddressInfo).port;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${bound}`;

  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    // New clients are refused first, then those that are here are told; requests under way end with the sockets.
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    clients.close();
    await Promise.all([...runtimes.values()].map((each) => each.close()));
    await upstream.close();
    server.closeAllConnections();
    await closed;
  };
  return {
    url,
    port: bound,
    accessKey,
    connectionString: `Endpoint=${url};AccessKey=${accessKey};Version=1.0;`,
    close() {
      closing ??= close();
      return closing;
    },
  };
}

function handlersByHub(
  hubs: Readonly<Record<string, readonly EventHandler[]>>,
): ReadonlyMap<string, readonly EventHandler[]> {
  return new Map(
    Object.entries(hubs).map(([hub, handlers]) => {
      if (!isHubName(hub)) throw new Error(`'${hub}' is not a valid hub name`);
      return [hubKey(hub), handlers];
    }),
  );
}
