import { CloseCode } from '../base/close-codes.ts';
import type { ClientCodec, MessageOrigin } from './client-codec.ts';
import type { HubCommand, HubEffect, Step, Target } from './commands.ts';
import { type ConnectionSummary, summaryOf } from './connection.ts';
import { MessageDelivery } from './delivery.ts';
import { type HubRules, Inbox } from './inbox.ts';
import { Membership } from './membership.ts';
import type { GroupAction } from './permissions.ts';
import { Sessions } from './sessions.ts';

/** What a REST caller may know of a connection. */
export interface GroupMember {
  readonly connectionId: string;
  /** Null for a member without one. */
  readonly userId: string | null;
}

/**
 * One hub: its connections, groups and users, and the order of things. Pure: what happens comes in as a command, and
 * what others must do about it comes out as effects, in order. Time is a parameter; sockets, timers and HTTP are
 * elsewhere.
 */
export class Hub {
  readonly name: string;
  readonly #members = new Membership();
  readonly #sessions: Sessions;
  readonly #delivery: MessageDelivery;
  readonly #inbox: Inbox;

  constructor(name: string, rules: HubRules) {
    this.name = name;
    this.#sessions = new Sessions(name, rules.limits, this.#members);
    this.#delivery = new MessageDelivery(this.#members, this.#sessions);
    this.#inbox = new Inbox(rules, this.#members, this.#sessions, this.#delivery);
  }

  apply(command: HubCommand, nowMs: number): HubEffect[] {
    const step: Step = { nowMs, effects: [] };
    this.#apply(command, step);
    return step.effects;
  }

  #apply(command: HubCommand, step: Step): void {
    switch (command.type) {
      case 'open':
        this.#sessions.open(command, step);
        return;
      case 'recover':
        this.#sessions.recover(command, step);
        return;
      case 'frame': {
        const connection = this.#sessions.at(command.transportId);
        if (connection !== undefined) this.#inbox.receive(connection, command.frame, step);
        return;
      }
      case 'transportEnded': {
        const connection = this.#sessions.at(command.transportId);
        if (connection !== undefined) this.#sessions.transportEnded(connection, command.end, step);
        return;
      }
      case 'eventAnswered': {
        const connection = this.#members.get(command.connectionId);
        if (connection?.eventUnderWay?.eventId === command.eventId)
          this.#inbox.answered(connection, command.outcome, step);
        return;
      }
      case 'send':
        this.#delivery.publish(command, restOrigin(command.target), command.data, step);
        return;
      case 'addToGroups':
        for (const connection of this.#members.selected(command))
          for (const group of command.groups) this.#members.join(connection, group);
        return;
      case 'removeFromGroups':
        for (const connection of this.#members.selected(command)) {
          if (command.groups === 'every') this.#members.leaveEvery(connection);
          else for (const group of command.groups) this.#members.leave(connection, group);
        }
        return;
      case 'closeConnections':
        for (const connection of this.#members.selected(command)) {
          const message = closedByApplication(command.reason);
          this.#sessions.write(connection, connection.codec.disconnected(message), step);
          this.#sessions.end(connection, CloseCode.normal, message, step);
        }
        return;
      case 'drop':
        for (const connection of this.#members.selected(command)) this.#sessions.drop(connection, step);
        return;
      case 'reload':
        for (const connection of this.#members.selected(command))
          this.#sessions.end(connection, CloseCode.goingAway, 'ServiceReload', step);
        return;
      case 'expire':
        this.#sessions.expire(step);
        return;
    }
  }

  /**
   * Grants or revokes what a connection may do with one group.
   * @returns `noConnection` when there is none of this id, `tooMany` when more single groups are named than may be
   */
  changePermission(
    connectionId: string,
    action: GroupAction,
    group: string,
    allowed: boolean,
  ): 'done' | 'noConnection' | 'tooMany' {
    const connection = this.#members.get(connectionId);
    if (connection === undefined) return 'noConnection';
    return connection.permissions.change(action, group, allowed) ? 'done' : 'tooMany';
  }

  /** Whether a connection may do this with the group. */
  allows(connectionId: string, action: GroupAction, group: string): boolean {
    return this.#members.get(connectionId)?.permissions.allows(action, group) ?? false;
  }

  /** How many connections there are, also those whose client may still come back. */
  get size(): number {
    return this.#members.size;
  }

  has(target: Target): boolean {
    return this.#members.has(target);
  }

  /** How many connections an operation is about. */
  count(target: Target): number {
    return this.#members.count(target);
  }

  /** Every connection there is, also those whose client may still come back. */
  connections(target: Target = { to: 'all' }): readonly ConnectionSummary[] {
    return [...this.#members.of(target)].map(summaryOf);
  }

  /** Whether a client may take this connection over with a valid reconnection token. */
  canRecover(connectionId: string): boolean {
    return this.#members.get(connectionId)?.replay !== undefined;
  }

  codecOf(connectionId: string): ClientCodec | undefined {
    return this.#members.get(connectionId)?.codec;
  }

  /** The members of a group, ordered by connection id. */
  membersOf(group: string): readonly GroupMember[] {
    const members = [...this.#members.of({ to: 'group', group })].map(({ id, userId }) => ({
      connectionId: id,
      userId: userId ?? null,
    }));
    return members.sort((a, b) => (a.connectionId < b.connectionId ? -1 : 1));
  }

  /** When the next `expire` command is due. */
  nextExpiryMs(): number | undefined {
    return this.#sessions.nextExpiryMs();
  }
}

/** What a client is told that REST closes; applications compare the whole sentence with what the service sends. */
function closedByApplication(reason: string): string {
  const sentence = 'Application server closed the connection.';
  return reason === '' ? sentence : `${sentence} Reason: ${reason}`;
}

/** A REST send to a group arrives as a group message without a sender; every other REST send comes from the server. */
function restOrigin(target: Target): MessageOrigin {
  return target.to === 'group' ? { from: 'group', group: target.group } : { from: 'server' };
}
