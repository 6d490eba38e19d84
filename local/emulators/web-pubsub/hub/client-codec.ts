import type { AckId } from './ack-ledger.ts';
import type { MessageData } from './payload.ts';

/** One WebSocket message. */
export interface Frame {
  readonly bytes: Uint8Array;
  readonly binary: boolean;
}

export type GroupRequest =
  | { readonly type: 'joinGroup'; readonly group: string; readonly ackId?: AckId }
  | { readonly type: 'leaveGroup'; readonly group: string; readonly ackId?: AckId }
  | {
      readonly type: 'sendToGroup';
      readonly group: string;
      readonly data: MessageData;
      readonly noEcho: boolean;
      readonly ackId?: AckId;
    };

export type ClientRequest =
  | GroupRequest
  | { readonly type: 'event'; readonly event: string; readonly data: MessageData; readonly ackId?: AckId }
  | { readonly type: 'sequenceAck'; readonly sequenceId: number }
  | { readonly type: 'ping' };

/** Names an acknowledgement's error can have. */
type AckErrorName = 'BadRequest' | 'Forbidden' | 'InternalServerError' | 'Duplicate';

export interface AckError {
  readonly name: AckErrorName;
  readonly message: string;
}

/** Where a message to a client comes from. */
export type MessageOrigin =
  | { readonly from: 'group'; readonly group: string; readonly fromUserId?: string }
  | { readonly from: 'server' };

/** A message that is written at most once per codec, however many connections it goes to. */
export interface PreparedMessage {
  /** @param sequenceId present exactly on reliable connections */
  frame(sequenceId?: number): Frame;
}

/** A client's message breaks a rule, which the error names; the hub closes the connection with `closeCode`. */
export class ProtocolViolation extends Error {
  readonly closeCode: number;

  constructor(closeCode: number, message: string) {
    super(message);
    this.name = 'ProtocolViolation';
    this.closeCode = closeCode;
  }
}

/**
 * The reading and writing of one kind of client. Pure: no state between calls. A message that the kind of client has no
 * form for is undefined, and nothing is sent.
 */
export interface ClientCodec {
  /** The subprotocol's name, as in `Sec-WebSocket-Protocol`; empty when none was selected. */
  readonly subprotocol: string;
  /** Whether connections have sequence ids and can be recovered. */
  readonly reliable: boolean;
  /**
   * What a client meets whose request fails: an error ack if it asked for one (`ack`), or, having no envelope in which
   * it could be told, the end of its connection (`close`).
   */
  readonly onFailure: 'ack' | 'close';
  /** @throws ProtocolViolation */
  parse(frame: Frame): ClientRequest;
  connected(
    connectionId: string,
    userId: string | undefined,
    reconnectionToken: string | undefined,
  ): Frame | undefined;
  disconnected(message: string): Frame | undefined;
  ack(ackId: AckId, error?: AckError): Frame | undefined;
  pong(): Frame | undefined;
  prepare(origin: MessageOrigin, data: MessageData): PreparedMessage;
}

/** The same memory as a Buffer; nothing is copied. */
export function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
