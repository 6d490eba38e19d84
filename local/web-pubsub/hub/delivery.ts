import type { ClientCodec, Frame, MessageOrigin, PreparedMessage } from './client-codec.ts';
import type { HubEffect, Target } from './commands.ts';
import type { Connection } from './connection.ts';
import type { Membership } from './membership.ts';
import type { MessageData } from './payload.ts';

/** What a hub sends to its clients. */
export class Delivery {
  readonly #members: Membership;
  readonly #overflow: (connection: Connection, reason: string, effects: HubEffect[]) => void;

  /** @param overflow ends the session of a client for which too much waits */
  constructor(
    members: Membership,
    overflow: (connection: Connection, reason: string, effects: HubEffect[]) => void,
  ) {
    this.#members = members;
    this.#overflow = overflow;
  }

  /** Sends one message to everyone whom it is for; it is written once for each subprotocol. */
  publish(
    target: Target,
    origin: MessageOrigin,
    data: MessageData,
    excluded: ReadonlySet<string>,
    effects: HubEffect[],
  ): void {
    const prepared = new Map<ClientCodec, PreparedMessage>();
    for (const connection of [...this.#members.of(target)]) {
      if (excluded.has(connection.id)) continue;
      let message = prepared.get(connection.codec);
      if (message === undefined) {
        message = connection.codec.prepare(origin, data);
        prepared.set(connection.codec, message);
      }
      this.deliver(connection, message, effects);
    }
  }

  /** Sends one message; a reliable client's is kept until the client has acknowledged it. */
  deliver(connection: Connection, message: PreparedMessage, effects: HubEffect[]): void {
    if (connection.replay === undefined) {
      this.write(connection, message.frame(), effects);
      return;
    }
    const frame = connection.replay.add((sequenceId) => message.frame(sequenceId));
    if (frame === undefined) {
      this.#overflow(connection, 'slow client: too many messages are not acknowledged', effects);
      return;
    }
    this.write(connection, frame, effects);
  }

  /** Writes a frame to a client that is there. */
  write(connection: Connection, frame: Frame, effects: HubEffect[]): void {
    if (connection.attachment.state !== 'attached') return;
    effects.push({ type: 'write', transportId: connection.attachment.transportId, frame });
  }

  /** Stops or resumes the reading of what a client sends. */
  setReading(connection: Connection, type: 'pauseReading' | 'resumeReading', effects: HubEffect[]): void {
    if (connection.attachment.state !== 'attached') return;
    effects.push({ type, transportId: connection.attachment.transportId });
  }
}
