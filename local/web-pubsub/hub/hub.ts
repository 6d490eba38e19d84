import { CloseCode } from '../close-codes.ts';
import type { Limits } from '../limits.ts';
import {
  type ClientCodec,
  type MessageOrigin,
  ProtocolViolation,
  type ReceivedFrame,
} from './client-codec.ts';
import { handleRequest } from './client-request.ts';
import type { EventOutcome, HubCommand, HubEffect, Target, TransportEnd } from './commands.ts';
import { Connection, type ConnectionSummary, summaryOf } from './connection.ts';
import { Delivery } from './delivery.ts';
import { Membership } from './membership.ts';
import { sessionEndOf } from './session-end.ts';

export interface HubRules {
  readonly limits: Limits;
  /** What a client notices when the event handler fails: an error ack (Microsoft's emulator), or the end of its connection (documentation). */
  readonly onUserEventFailure: 'errorAck' | 'closeConnection';
}

/** What a REST caller may know of a connection. */
export interface Member {
  readonly connectionId: string;
  readonly userId?: string;
}

/**
 * One hub: its connections, groups and users, and the order of things. Pure: what happens comes in as a command, what is to be
 * done comes out as effects, in order; time is a parameter; sockets, timers and HTTP are elsewhere.
 */
export class Hub {
  readonly name: string;
  readonly #rules: HubRules;
  readonly #members = new Membership();
  readonly #byTransport = new Map<number, Connection>();
  readonly #detached = new Set<Connection>();
  readonly #delivery = new Delivery(this.#members, (connection, reason, effects) =>
    this.#end(connection, CloseCode.policyViolation, reason, effects),
  );

  constructor(name: string, rules: HubRules) {
    this.name = name;
    this.#rules = rules;
  }

  apply(command: HubCommand, nowMs: number): HubEffect[] {
    const effects: HubEffect[] = [];
    switch (command.type) {
      case 'open':
        this.#open(command, effects);
        break;
      case 'recover':
        this.#recover(command, effects);
        break;
      case 'frame': {
        const connection = this.#byTransport.get(command.transportId);
        if (connection !== undefined) this.#receive(connection, command.frame, effects);
        break;
      }
      case 'transportEnded': {
        const connection = this.#byTransport.get(command.transportId);
        if (connection !== undefined) this.#transportEnded(connection, command.end, nowMs, effects);
        break;
      }
      case 'eventAnswered': {
        const connection = this.#members.get(command.connectionId);
        if (connection?.eventUnderWay?.eventId === command.eventId)
          this.#eventAnswered(connection, command.outcome, effects);
        break;
      }
      case 'send':
        this.#delivery.publish(
          command.target,
          restOrigin(command.target),
          command.data,
          command.excluded,
          effects,
        );
        break;
      case 'addToGroups':
        this.#members.joinAll(command.target, command.groups);
        break;
      case 'removeFromGroups':
        this.#members.leaveAll(command.target, command.groups);
        break;
      case 'closeConnections':
        for (const connection of [...this.#members.of(command.target)]) {
          if (command.excluded.has(connection.id)) continue;
          this.#delivery.write(connection, connection.codec.disconnected(command.reason), effects);
          this.#end(connection, CloseCode.normal, command.reason, effects);
        }
        break;
      case 'drop':
        for (const connection of [...this.#members.of(command.target)])
          this.#drop(connection, nowMs, effects);
        break;
      case 'reload':
        for (const connection of [...this.#members.of(command.target)]) {
          this.#end(connection, CloseCode.goingAway, 'ServiceReload', effects);
        }
        break;
      case 'expire':
        for (const connection of [...this.#detached]) {
          if (connection.attachment.state !== 'detached' || connection.attachment.recoverableUntilMs > nowMs)
            continue;
          this.#end(
            connection,
            CloseCode.policyViolation,
            'the connection was not recovered in time',
            effects,
          );
        }
        break;
    }
    return effects;
  }

  has(target: Target): boolean {
    return this.#members.has(target);
  }

  /** How many connections an operation is about. */
  count(target: Target): number {
    return [...this.#members.of(target)].length;
  }

  /** Every connection there is, also those whose client may still come back. */
  connections(): readonly ConnectionSummary[] {
    return [...this.#members.of({ to: 'all' })].map(summaryOf);
  }

  /** Whether a client may take this connection over with a valid reconnection token. */
  canRecover(connectionId: string): boolean {
    return this.#members.get(connectionId)?.replay !== undefined;
  }

  codecOf(connectionId: string): ClientCodec | undefined {
    return this.#members.get(connectionId)?.codec;
  }

  /** The members of a group, ordered by connection id. */
  membersOf(group: string): readonly Member[] {
    const members = [...this.#members.of({ to: 'group', group })].map(({ id, userId }) =>
      userId === undefined ? { connectionId: id } : { connectionId: id, userId },
    );
    return members.sort((a, b) => (a.connectionId < b.connectionId ? -1 : 1));
  }

  /** When the next `expire` command is due. */
  nextExpiryMs(): number | undefined {
    let next: number | undefined;
    for (const { attachment } of this.#detached) {
      if (attachment.state !== 'detached') continue;
      next =
        next === undefined ? attachment.recoverableUntilMs : Math.min(next, attachment.recoverableUntilMs);
    }
    return next;
  }

  #open(command: Extract<HubCommand, { type: 'open' }>, effects: HubEffect[]): void {
    const connection = new Connection(this.name, command.client, command.transportId, this.#rules.limits);
    this.#members.add(connection);
    this.#byTransport.set(command.transportId, connection);
    for (const group of command.client.groups) this.#members.join(connection, group);
    const { codec, id, userId } = connection;
    this.#delivery.write(connection, codec.connected(id, userId, command.reconnectionToken), effects);
    const event = connection.event('system', 'connected', { payload: { dataType: 'json', json: '{}' } });
    effects.push({ type: 'notifyHandler', event });
  }

  #recover(command: Extract<HubCommand, { type: 'recover' }>, effects: HubEffect[]): void {
    const { transportId } = command;
    const connection = this.#members.get(command.connectionId);
    if (connection?.replay === undefined) {
      effects.push({
        type: 'closeTransport',
        transportId,
        code: CloseCode.policyViolation,
        reason: 'the connection cannot be recovered',
      });
      return;
    }
    const { attachment } = connection;
    if (attachment.state === 'attached') {
      this.#byTransport.delete(attachment.transportId);
      effects.push({ type: 'abortTransport', transportId: attachment.transportId });
    }
    this.#detached.delete(connection);
    connection.attachment = { state: 'attached', transportId };
    this.#byTransport.set(transportId, connection);
    if (connection.eventUnderWay !== undefined) effects.push({ type: 'pauseReading', transportId });
    const { codec, id, userId } = connection;
    this.#delivery.write(connection, codec.connected(id, userId, command.reconnectionToken), effects);
    for (const frame of connection.replay.frames()) effects.push({ type: 'write', transportId, frame });
  }

  #transportEnded(connection: Connection, end: TransportEnd, nowMs: number, effects: HubEffect[]): void {
    const over = sessionEndOf(end);
    if (over !== undefined) {
      this.#end(connection, over.code, over.reason, effects);
      return;
    }
    if (connection.attachment.state !== 'attached') return;
    this.#byTransport.delete(connection.attachment.transportId);
    if (connection.replay === undefined) {
      this.#end(connection, CloseCode.normal, 'the connection was lost', effects);
      return;
    }
    const recoverableUntilMs = nowMs + this.#rules.limits.recoveryWindowMs;
    connection.attachment = { state: 'detached', recoverableUntilMs };
    this.#detached.add(connection);
  }

  /** Cuts the socket as a network does. */
  #drop(connection: Connection, nowMs: number, effects: HubEffect[]): void {
    if (connection.attachment.state !== 'attached') return;
    effects.push({ type: 'abortTransport', transportId: connection.attachment.transportId });
    this.#transportEnded(connection, { how: 'lost' }, nowMs, effects);
  }

  /** Ends the session for good: nothing can recover it. */
  #end(connection: Connection, code: number, reason: string, effects: HubEffect[]): void {
    const { attachment } = connection;
    if (attachment.state === 'gone') return;
    connection.attachment = { state: 'gone' };
    connection.waiting.length = 0;
    this.#detached.delete(connection);
    this.#members.remove(connection);
    if (attachment.state === 'attached') {
      this.#byTransport.delete(attachment.transportId);
      effects.push({ type: 'closeTransport', transportId: attachment.transportId, code, reason });
    }
    const json = JSON.stringify({ reason });
    effects.push({
      type: 'notifyHandler',
      event: connection.event('system', 'disconnected', { payload: { dataType: 'json', json } }),
    });
  }

  #receive(connection: Connection, frame: ReceivedFrame, effects: HubEffect[]): void {
    if (connection.eventUnderWay === undefined) {
      this.#process(connection, frame, effects);
      return;
    }
    if (connection.waiting.length >= this.#rules.limits.waitingFrames) {
      this.#end(connection, CloseCode.policyViolation, 'too many messages wait behind an event', effects);
      return;
    }
    connection.waiting.push(frame);
  }

  #process(connection: Connection, frame: ReceivedFrame, effects: HubEffect[]): void {
    try {
      handleRequest(connection, connection.codec.parse(frame), {
        members: this.#members,
        write: (answer) => this.#delivery.write(connection, answer, effects),
        publish: (group, origin, data, excluded) =>
          this.#delivery.publish({ to: 'group', group }, origin, data, excluded, effects),
        callHandler: (event) => {
          effects.push({ type: 'callHandler', event });
          this.#delivery.setReading(connection, 'pauseReading', effects);
        },
      });
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      this.#end(connection, error.closeCode, error.message, effects);
    }
  }

  #eventAnswered(connection: Connection, outcome: EventOutcome, effects: HubEffect[]): void {
    const ackId = connection.eventUnderWay?.ackId;
    connection.eventUnderWay = undefined;
    if (outcome.ok) {
      if (outcome.connectionState !== undefined) connection.connectionState = outcome.connectionState;
      // The reply goes out before the ack: a client that awaits the ack has then seen the reply.
      if (outcome.reply !== undefined) {
        this.#delivery.deliver(
          connection,
          connection.codec.prepare({ from: 'server' }, outcome.reply),
          effects,
        );
      }
      if (ackId !== undefined) {
        connection.processedAckIds.add(ackId);
        this.#delivery.write(connection, connection.codec.ack(ackId), effects);
      }
    } else if (this.#rules.onUserEventFailure === 'closeConnection') {
      this.#end(connection, CloseCode.internalError, outcome.message, effects);
      return;
    } else if (ackId !== undefined) {
      const error = { name: 'InternalServerError', message: outcome.message } as const;
      this.#delivery.write(connection, connection.codec.ack(ackId, error), effects);
    }
    while (connection.eventUnderWay === undefined) {
      const next = connection.waiting.shift();
      if (next === undefined) {
        this.#delivery.setReading(connection, 'resumeReading', effects);
        return;
      }
      this.#process(connection, next, effects);
    }
  }
}

/** A REST send to a group arrives as a group message without a sender; every other REST send comes from the server. */
function restOrigin(target: Target): MessageOrigin {
  return target.to === 'group' ? { from: 'group', group: target.group } : { from: 'server' };
}
