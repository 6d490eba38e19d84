import { CloseCode } from '../base/close-codes.ts';
import type { Limits } from '../base/limits.ts';
import { type Frame, ProtocolViolation } from './client-codec.ts';
import { handleRequest } from './client-request.ts';
import type { EventOutcome, Step } from './commands.ts';
import type { Connection } from './connection.ts';
import type { MessageDelivery } from './delivery.ts';
import type { Membership } from './membership.ts';
import type { Sessions } from './sessions.ts';

export interface HubRules {
  readonly limits: Limits;
  /** What a failed event handler means to the client: an error ack (Microsoft's emulator), or the end (documented). */
  readonly onUserEventFailure: 'errorAck' | 'closeConnection';
}

/**
 * What clients send, one message of a client at a time.
 *
 *     idle ──user event──▶ busy ──answered, nothing waits──▶ idle
 *      ▲ │                  ▲ │
 *      └─┘ other messages   └─┘ messages wait; answered, and the next that waited is a user event again
 *
 * A client is not read while it is busy, so only what its socket had delivered already waits; more than
 * `limits.waitingFrames` end its session.
 */
export class Inbox {
  readonly #rules: HubRules;
  readonly #members: Membership;
  readonly #sessions: Sessions;
  readonly #delivery: MessageDelivery;

  constructor(rules: HubRules, members: Membership, sessions: Sessions, delivery: MessageDelivery) {
    this.#rules = rules;
    this.#members = members;
    this.#sessions = sessions;
    this.#delivery = delivery;
  }

  receive(connection: Connection, frame: Frame, step: Step): void {
    if (connection.eventUnderWay === undefined) {
      this.#process(connection, frame, step);
      return;
    }
    if (connection.waiting.length >= this.#rules.limits.waitingFrames) {
      const reason = 'too many messages wait behind an event';
      this.#sessions.end(connection, CloseCode.policyViolation, reason, step);
      return;
    }
    connection.waiting.push(frame);
  }

  /** The event handler has answered the event under way. */
  answered(connection: Connection, outcome: EventOutcome, step: Step): void {
    const ackId = connection.eventUnderWay?.ackId;
    connection.eventUnderWay = undefined;
    const { codec } = connection;
    if (outcome.ok) {
      if (outcome.connectionState !== undefined) connection.connectionState = outcome.connectionState;
      // The reply goes out before the ack: a client that awaits the ack has then seen the reply.
      if (outcome.reply !== undefined)
        this.#delivery.send(connection, { from: 'server' }, outcome.reply, step);
      if (ackId !== undefined) {
        connection.processedAckIds.add(ackId);
        this.#sessions.write(connection, codec.ack(ackId), step);
      }
    } else if (this.#rules.onUserEventFailure === 'closeConnection' || codec.onFailure === 'close') {
      this.#sessions.end(connection, CloseCode.internalError, outcome.message, step);
      return;
    } else if (ackId !== undefined) {
      const error = { name: 'InternalServerError', message: outcome.message } as const;
      this.#sessions.write(connection, codec.ack(ackId, error), step);
    }
    this.#processWaiting(connection, step);
  }

  #processWaiting(connection: Connection, step: Step): void {
    let done = 0;
    while (connection.eventUnderWay === undefined) {
      const next = connection.waiting[done];
      if (next === undefined) {
        connection.waiting.length = 0;
        this.#sessions.setReading(connection, 'resumeReading', step);
        return;
      }
      done += 1;
      this.#process(connection, next, step);
    }
    connection.waiting.splice(0, done);
  }

  #process(connection: Connection, frame: Frame, step: Step): void {
    try {
      const request = connection.codec.parse(frame);
      handleRequest(connection, request, this.#members, this.#sessions, this.#delivery, step);
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      this.#sessions.end(connection, error.closeCode, error.message, step);
    }
  }
}
