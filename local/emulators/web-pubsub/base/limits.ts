/**
 * The bounds of the service. Each says where its value comes from; `startWebPubSub` accepts other values, so that a
 * test can reach a bound quickly.
 */
export interface Limits {
  /**
   * Connections at the same time, over all hubs and with those whose client may still come back; the next client is
   * refused. Infinity unless a tier is asked for: `limitsOfTier`.
   */
  readonly connections: number;
  /** Largest message of a client, in bytes. Documented: 1 MB ("Client message limit"); Microsoft's emulator: 1 MiB. */
  readonly clientMessageBytes: number;
  /** Largest body of a REST send, in bytes. Microsoft's emulator applies the client message limit to REST as well. */
  readonly restBodyBytes: number;
  /** Messages that may wait for one client's socket before the client counts as too slow. Microsoft's emulator. */
  readonly outboundQueueMessages: number;
  /** Bytes that may wait for one client's socket before the client counts as too slow. Microsoft's emulator. */
  readonly outboundQueueBytes: number;
  /** Messages of a reliable connection that may await its sequence ack. Microsoft's emulator. */
  readonly unackedMessages: number;
  /** Bytes of a reliable connection that may await its sequence ack. Microsoft's emulator. */
  readonly unackedBytes: number;
  /** How long a dropped reliable connection can be recovered. The client specification says at least 30 seconds. */
  readonly recoveryWindowMs: number;
  /** How long a reconnection token is valid. About a week, by the client specification and Microsoft's emulator. */
  readonly reconnectionTokenMs: number;
  /** Ack ids remembered per logical connection; the oldest is forgotten first. Microsoft's emulator. */
  readonly rememberedAckIds: number;
  /**
   * Frames of one client that may wait behind its user event. Reading stops while an event is under way, so only what
   * the last read had already delivered waits here: 64 KiB of the smallest valid frames stay below this.
   */
  readonly waitingFrames: number;
  /** Time for one event, all attempts together. Microsoft's emulator keeps the .NET HTTP client's 100 s. */
  readonly handlerTimeoutMs: number;
  /** Waits before the second, third and fourth attempt. Microsoft's emulator: 1, 3 and 5 s. */
  readonly handlerRetryDelaysMs: readonly number[];
  /** Largest reply of an event handler, in bytes. Microsoft's emulator. */
  readonly handlerReplyBytes: number;
  /** Events under way that nobody waits for (`connected`, …); more are dropped and logged. Own choice. */
  readonly notificationsUnderWay: number;
  /** Time for one abuse protection request. Microsoft's emulator. */
  readonly validationTimeoutMs: number;
  /** How long a passed abuse protection check counts before it is repeated. Microsoft's emulator. */
  readonly validationLifetimeMs: number;
  /** How long a failed abuse protection check counts. Microsoft's emulator starts at 1 s. */
  readonly validationRetryMs: number;
  /** How far clocks may differ when `exp` and `nbf` are checked. Microsoft's emulator. */
  readonly clockSkewMs: number;
  /** How long `close()` waits for clients to answer the closing handshake before their sockets are cut. */
  readonly closeHandshakeMs: number;
}

const MEBIBYTE = 1024 * 1024;
const DAY_MS = 24 * 60 * 60 * 1000;

export const SERVICE_LIMITS: Limits = Object.freeze({
  connections: Number.POSITIVE_INFINITY,
  clientMessageBytes: MEBIBYTE,
  restBodyBytes: MEBIBYTE,
  outboundQueueMessages: 1_000,
  outboundQueueBytes: 16 * MEBIBYTE,
  unackedMessages: 1_000,
  unackedBytes: 16 * MEBIBYTE,
  recoveryWindowMs: 30_000,
  reconnectionTokenMs: 7 * DAY_MS,
  rememberedAckIds: 1_000,
  waitingFrames: 4_096,
  handlerTimeoutMs: 100_000,
  handlerRetryDelaysMs: Object.freeze([1_000, 3_000, 5_000]),
  handlerReplyBytes: 16 * MEBIBYTE,
  notificationsUnderWay: 10_000,
  validationTimeoutMs: 10_000,
  validationLifetimeMs: 60_000,
  validationRetryMs: 1_000,
  clockSkewMs: 5 * 60_000,
  closeHandshakeMs: 500,
});

/** Metadata of a message, as Microsoft's emulator limits it. */
export const METADATA_KEY_BYTES = 256;
export const METADATA_VALUE_BYTES = 1_024;
export const METADATA_TOTAL_BYTES = 8 * 1_024;

/** Longest time to live of a message, in seconds (REST reference, `messageTtlSeconds`). */
export const MESSAGE_TTL_MAX_SECONDS = 300;

/** Longest group name, in characters (SDK constraint). */
export const GROUP_NAME_MAX_LENGTH = 1_024;

/** Wildcards (`*` or `**`) in one role pattern; Microsoft's emulator ignores a role with more. */
export const ROLE_PATTERN_MAX_ASTERISKS = 5;

/** Single groups that one connection's permissions may name beside its wildcard roles. Microsoft's emulator. */
export const GRANTED_GROUPS_MAX = 1_000;

/** Depth of a filter, in operators and parentheses. Microsoft's emulator; the reference says "over 100 clauses". */
export const FILTER_MAX_DEPTH = 100;

/** Largest page of group members (REST reference, `maxpagesize`). */
export const GROUP_MEMBERS_PAGE_MAX = 200;
