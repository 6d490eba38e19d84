import { CloseCode } from '../base/close-codes.ts';
import type { ClientCodec, MessageOrigin, PreparedMessage } from './client-codec.ts';
import type { Selection, Step } from './commands.ts';
import type { Connection } from './connection.ts';
import type { Membership } from './membership.ts';
import type { MessageData } from './payload.ts';
import type { Sessions } from './sessions.ts';

/** What a hub sends to its clients. */
export class MessageDelivery {
  readonly #members: Membership;
  readonly #sessions: Sessions;

  constructor(members: Membership, sessions: Sessions) {
    this.#members = members;
    this.#sessions = sessions;
  }

  /** Sends one message to everyone whom it is for; it is written once for each subprotocol. */
  publish(selection: Selection, origin: MessageOrigin, data: MessageData, step: Step): void {
    const expiresAtMs = expiryOf(data, step);
    const prepared = new PreparedMessages(origin, data);
    for (const connection of this.#members.selected(selection)) {
      const message = prepared.for(connection.codec);
      this.#deliver(connection, message, origin, expiresAtMs, step);
    }
  }

  send(connection: Connection, origin: MessageOrigin, data: MessageData, step: Step): void {
    this.#deliver(connection, connection.codec.prepare(origin, data), origin, expiryOf(data, step), step);
  }

  /** A reliable client's message is kept until the client has acknowledged it. */
  #deliver(
    connection: Connection,
    message: PreparedMessage,
    origin: MessageOrigin,
    expiresAtMs: number,
    step: Step,
  ): void {
    if (connection.replay === undefined) {
      this.#sessions.write(connection, message.frame(), step, origin);
      return;
    }
    const frame = connection.replay.add(
      (sequenceId) => message.frame(sequenceId),
      origin,
      step.nowMs,
      expiresAtMs,
    );
    if (frame === undefined) {
      const reason = 'slow client: too many messages are not acknowledged';
      this.#sessions.end(connection, CloseCode.policyViolation, reason, step);
      return;
    }
    this.#sessions.write(connection, frame, step, origin);
  }
}

/** One message as it is written for each codec, written when the first client of the codec needs it. */
class PreparedMessages {
  readonly #origin: MessageOrigin;
  readonly #data: MessageData;
  /** The last one asked for: the members of a group mostly speak one subprotocol. */
  #codec: ClientCodec | undefined;
  #message: PreparedMessage | undefined;
  #others: Map<ClientCodec, PreparedMessage> | undefined;

  constructor(origin: MessageOrigin, data: MessageData) {
    this.#origin = origin;
    this.#data = data;
  }

  for(codec: ClientCodec): PreparedMessage {
    if (this.#codec === codec && this.#message !== undefined) return this.#message;
    if (this.#codec !== undefined && this.#message !== undefined) {
      this.#others ??= new Map();
      this.#others.set(this.#codec, this.#message);
    }
    const message = this.#others?.get(codec) ?? codec.prepare(this.#origin, this.#data);
    this.#codec = codec;
    this.#message = message;
    return message;
  }
}

/** A time to live of 0 means none, as one that is absent. */
function expiryOf({ ttlSeconds }: MessageData, { nowMs }: Step): number {
  return ttlSeconds === undefined || ttlSeconds === 0 ? Number.POSITIVE_INFINITY : nowMs + ttlSeconds * 1_000;
}
