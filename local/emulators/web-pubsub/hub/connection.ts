import type { Limits } from '../base/limits.ts';
import { AckLedger } from './ack-ledger.ts';
import type { ClientCodec, Frame } from './client-codec.ts';
import type { AdmittedClient, UpstreamEvent } from './commands.ts';
import type { MessageData } from './payload.ts';
import { Permissions } from './permissions.ts';
import { ReplayBuffer } from './replay-buffer.ts';

/**
 * Where a logical connection stands.
 *
 *     open ──▶ attached ──socket lost, reliable──▶ detached ──recovered──▶ attached
 *                 │                                   │
 *                 └── closed, refused, too slow ──┐   └── window over, closed by REST, buffer full ──┐
 *                                                 ▼                                                  ▼
 *                                                gone                                               gone
 */
type Attachment =
  | { readonly state: 'attached'; readonly transportId: number }
  | { readonly state: 'detached'; readonly recoverableUntilMs: number }
  | { readonly state: 'gone' };

/** What the control surface tells of a connection. */
export interface ConnectionSummary {
  readonly hub: string;
  readonly connectionId: string;
  readonly userId?: string;
  readonly subprotocol: string;
  readonly groups: readonly string[];
  readonly permissions: ReturnType<Permissions['summary']>;
  readonly state: Attachment['state'];
}

export function summaryOf(connection: Connection): ConnectionSummary {
  const { hub, id, userId, codec, groups, attachment } = connection;
  return {
    hub,
    connectionId: id,
    ...(userId === undefined ? {} : { userId }),
    subprotocol: codec.subprotocol,
    groups: [...groups],
    permissions: connection.permissions.summary(),
    state: attachment.state,
  };
}

/** One client as the hub knows it: it outlives its WebSocket when the subprotocol is reliable. */
export class Connection {
  readonly hub: string;
  readonly id: string;
  readonly userId: string | undefined;
  readonly originHost: string;
  readonly codec: ClientCodec;
  readonly permissions: Permissions;
  readonly groups = new Set<string>();
  readonly processedAckIds: AckLedger;
  /** Only reliable connections have one. */
  readonly replay: ReplayBuffer | undefined;
  /** Frames that wait until the event under way is answered. */
  readonly waiting: Frame[] = [];
  attachment: Attachment;
  connectionState: string | undefined;
  /** The user event under way; the service handles one message of a client at a time. */
  eventUnderWay: { readonly eventId: number; readonly ackId: number | bigint | undefined } | undefined;
  #lastEventId = 0;

  constructor(hub: string, client: AdmittedClient, transportId: number, limits: Limits) {
    this.hub = hub;
    this.id = client.connectionId;
    this.userId = client.userId;
    this.originHost = client.originHost;
    this.codec = client.codec;
    this.permissions = new Permissions(client.roles);
    this.processedAckIds = new AckLedger(limits.rememberedAckIds);
    this.replay = client.codec.reliable
      ? new ReplayBuffer(limits.unackedMessages, limits.unackedBytes)
      : undefined;
    this.attachment = { state: 'attached', transportId };
    this.connectionState = client.connectionState;
  }

  /** The next event of this connection for the event handler. */
  event(category: 'system' | 'user', name: string, data: MessageData): UpstreamEvent {
    this.#lastEventId += 1;
    return {
      id: this.#lastEventId,
      hub: this.hub,
      category,
      name,
      connectionId: this.id,
      originHost: this.originHost,
      subprotocol: this.codec.subprotocol,
      ...(this.userId === undefined ? {} : { userId: this.userId }),
      ...(this.connectionState === undefined ? {} : { connectionState: this.connectionState }),
      data,
    };
  }
}
