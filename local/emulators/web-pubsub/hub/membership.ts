import type { FilterSubject, Selection, Target } from './commands.ts';
import type { Connection } from './connection.ts';

const NOBODY: ReadonlySet<Connection> = new Set();

/** Who is in the hub: connections by id, by user and by group. */
export class Membership {
  readonly #byId = new Map<string, Connection>();
  readonly #byUser = new Map<string, Set<Connection>>();
  readonly #byGroup = new Map<string, Set<Connection>>();

  get size(): number {
    return this.#byId.size;
  }

  get(connectionId: string): Connection | undefined {
    return this.#byId.get(connectionId);
  }

  add(connection: Connection): void {
    this.#byId.set(connection.id, connection);
    if (connection.userId !== undefined) include(this.#byUser, connection.userId, connection);
  }

  remove(connection: Connection): void {
    this.#byId.delete(connection.id);
    if (connection.userId !== undefined) exclude(this.#byUser, connection.userId, connection);
    this.leaveEvery(connection);
  }

  join(connection: Connection, group: string): void {
    connection.groups.add(group);
    include(this.#byGroup, group, connection);
  }

  leave(connection: Connection, group: string): void {
    connection.groups.delete(group);
    exclude(this.#byGroup, group, connection);
  }

  leaveEvery(connection: Connection): void {
    for (const group of [...connection.groups]) this.leave(connection, group);
  }

  /**
   * The connections an operation is about. What is done to one of them may take it, and only it, out of the target or
   * put it back: a filter decides on each before the operation touches any.
   */
  selected({ target, excluded, exceptId, filter }: Selection): Iterable<Connection> {
    const named = this.of(target);
    if (excluded === undefined && exceptId === undefined && filter === undefined) return named;
    const chosen: Connection[] = [];
    for (const connection of named) {
      if (connection.id === exceptId || excluded?.has(connection.id) === true) continue;
      if (filter === undefined || filter(subjectOf(connection))) chosen.push(connection);
    }
    return chosen;
  }

  /** The connections a target names, at this moment. */
  of(target: Target): Iterable<Connection> {
    switch (target.to) {
      case 'all':
        return this.#byId.values();
      case 'connection': {
        const connection = this.#byId.get(target.connectionId);
        return connection === undefined ? NOBODY : [connection];
      }
      case 'user':
        return this.#byUser.get(target.userId) ?? NOBODY;
      case 'group':
        return this.#byGroup.get(target.group) ?? NOBODY;
    }
  }

  has(target: Target): boolean {
    for (const _ of this.of(target)) return true;
    return false;
  }

  count(target: Target): number {
    let count = 0;
    for (const _ of this.of(target)) count += 1;
    return count;
  }
}

function subjectOf({ id, userId, groups, codec }: Connection): FilterSubject {
  return {
    connectionId: id,
    userId,
    groups,
    protocol: codec.subprotocol === '' ? undefined : codec.subprotocol,
  };
}

function include(index: Map<string, Set<Connection>>, key: string, connection: Connection): void {
  const members = index.get(key);
  if (members === undefined) index.set(key, new Set([connection]));
  else members.add(connection);
}

function exclude(index: Map<string, Set<Connection>>, key: string, connection: Connection): void {
  const members = index.get(key);
  if (members === undefined) return;
  members.delete(connection);
  if (members.size === 0) index.delete(key);
}
