import type { AddressInfo } from 'node:net';
import type { RunningServer } from '../../common/child.ts';
import { type Clock, systemClock, VirtualClock } from '../../common/clock.ts';
import { listen, type TlsIdentity } from '../../common/listen.ts';
import { logRequests, type PrintLine } from '../../common/request-log.ts';
import { type Limits, SERVICE_LIMITS } from '../base/limits.ts';
import type { LogSink } from '../base/log.ts';
import { limitsOfTier, type ServiceTier } from '../base/service-tier.ts';
import type { JsonField } from '../client-protocol/protobuf-codec.ts';
import { CodecRegistry } from '../client-protocol/registry.ts';
import { ControlEndpoint } from '../control/control-endpoint.ts';
import { type FaultPlan, WebPubSubFaultEngine } from '../faults/fault-plan.ts';
import type { HubRules } from '../hub/inbox.ts';
import { hubKey, isHubName } from '../hub/names.ts';
import { Meter } from '../meter/hub-meter.ts';
import { RestEndpoint } from '../rest/rest-endpoint.ts';
import { RestFaults } from '../rest/rest-faults.ts';
import { AccessTokens } from '../tokens/access-tokens.ts';
import { ClientEndpoint } from '../transport/client-endpoint.ts';
import { HubRuntime } from '../transport/hub-runtime.ts';
import type { EventHandler } from '../upstream/event-handlers.ts';
import { IdentityIssuer } from '../upstream/identity-issuer.ts';
import { type HandlerTable, Upstream } from '../upstream/upstream.ts';
import { WebhookFaults } from '../upstream/webhook-faults.ts';

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
  /** The field of JSON for protobuf clients. Defaults to `text` (`text_data`, as documented); `json` is `json_data`. */
  readonly jsonToProtobuf?: JsonField;
  /** What the resource is bought as. Without it, the number of connections has no bound. */
  readonly tier?: ServiceTier | undefined;
  /** Bounds that differ from the service's own. */
  readonly limits?: Partial<Limits>;
  /** Without it, or empty, there is no control surface. */
  readonly controlToken?: string | undefined;
  /** PEM; present: https and wss instead of http and ws. */
  readonly tls?: TlsIdentity;
  /** What goes wrong from the start; the control surface can change it. */
  readonly faults?: FaultPlan;
  readonly clock?: Clock;
  /** Told of event deliveries that failed and of internal errors. Default: nobody. */
  readonly log?: LogSink;
  /** Receives a line for each request, client and event, without secrets, telephone numbers and payloads. */
  readonly requestLog?: PrintLine | undefined;
}

export interface RunningWebPubSub extends RunningServer {
  readonly port: number;
  readonly accessKey: string;
  /** What `WebPubSubServiceClient` takes; where the endpoint is plain http, clients need `allowInsecureConnection`. */
  readonly connectionString: string;
  /** `iss` of the bearer tokens that event handlers with authentication are called with. */
  readonly issuer: string;
  /** What passed through it so far. */
  readonly meter: Meter;
  /**
   * Other event handlers from now on, in the place of all that there are.
   * @throws Error when a hub name is not valid; then nothing has changed
   */
  configure(hubs: Readonly<Record<string, readonly EventHandler[]>>): void;
  /** Lets time pass at once: what is due meanwhile happens now. */
  advanceClock(ms: number): void;
}

/**
 * Starts the Azure Web PubSub emulator.
 * @throws Error when a hub name is not valid, or the port is taken
 * @throws RangeError when the fault plan is not valid
 */
export async function startWebPubSub(options: WebPubSubOptions = {}): Promise<RunningWebPubSub> {
  const { host = '127.0.0.1', port = DEFAULT_PORT, accessKey = DEFAULT_ACCESS_KEY } = options;
  const { log = () => {}, requestLog, secondaryAccessKey } = options;
  const clock = new VirtualClock(options.clock ?? systemClock);
  const limits: Limits = {
    ...SERVICE_LIMITS,
    ...(options.tier === undefined ? {} : limitsOfTier(options.tier)),
    ...options.limits,
  };
  const keys: [string, ...string[]] = [
    accessKey,
    ...(secondaryAccessKey === undefined ? [] : [secondaryAccessKey]),
  ];
  const handlers = handlersByHub(options.hubs ?? {});
  const faults = new WebPubSubFaultEngine(options.faults);
  const listening = await listen(host, port, options.tls);
  const { server, url } = listening;

  const meter = new Meter();
  const tokens = new AccessTokens(keys, clock, limits);
  const identity = new IdentityIssuer(url, clock);
  const upstream = new Upstream({
    handlers,
    accessKeys: keys,
    limits,
    clock,
    identity,
    meter,
    faults: new WebhookFaults(faults, clock),
    log,
    requestLog,
  });
  const rules: HubRules = { limits, onUserEventFailure: options.onUserEventFailure ?? 'errorAck' };
  const runtimes = new Map<string, HubRuntime>();
  const runtime = (hub: string): HubRuntime => {
    const known = runtimes.get(hub);
    if (known !== undefined) return known;
    const created = new HubRuntime(hub, { rules, upstream, clock, meter: meter.hub(hub), faults });
    runtimes.set(hub, created);
    return created;
  };
  const codecs = new CodecRegistry(options.jsonToProtobuf ?? 'text');
  const connectionCount = (): number => [...runtimes.values()].reduce((sum, { hub }) => sum + hub.size, 0);
  const clients = new ClientEndpoint({
    codecs,
    tokens,
    upstream,
    limits,
    log,
    requestLog,
    faults,
    runtime,
    connectionCount,
  });
  const control = new ControlEndpoint({
    token: options.controlToken,
    runtimes: () => runtimes.values(),
    clock,
    faults,
    meter,
  });
  const rest = new RestEndpoint({
    control,
    identity,
    tokens,
    limits,
    log,
    faults: new RestFaults(faults, clock),
    runtime,
    onAddAbsentUser: options.onAddAbsentUser ?? 'notFound',
  });
  if (requestLog !== undefined) logRequests(server, clock, requestLog);
  server.on('request', (request, response) => void rest.handle(request, response));
  server.on('upgrade', (request, socket, head) => void clients.upgrade(request, socket, head));

  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    // Refuses new clients first, then says goodbye to those that are here; requests under way end with the sockets.
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    clients.close();
    await Promise.all([...runtimes.values()].map((each) => each.close()));
    await upstream.close();
    server.closeAllConnections();
    await closed;
  };
  return {
    url,
    port: (server.address() as AddressInfo).port,
    accessKey,
    connectionString: `Endpoint=${url};AccessKey=${accessKey};Version=1.0;`,
    issuer: identity.issuer,
    meter,
    configure: (hubs) => upstream.configure(handlersByHub(hubs)),
    advanceClock: (ms) => clock.advance(ms),
    close() {
      closing ??= close();
      return closing;
    },
  };
}

function handlersByHub(hubs: Readonly<Record<string, readonly EventHandler[]>>): HandlerTable {
  return new Map(
    Object.entries(hubs).map(([hub, handlers]) => {
      if (!isHubName(hub)) throw new Error(`'${hub}' is not a valid hub name`);
      return [hubKey(hub), handlers];
    }),
  );
}
