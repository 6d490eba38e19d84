import type { Target } from './commands.ts';
import type { Connection } from './connection.ts';

const NOBODY: ReadonlySet<Connection> = new Set();

/** Who is in the hub: connections by id, by user and by group. */
export class Membership {
  readonly #byId = new Map<string, Connection>();
  readonly #byUser = new Map<string, Set<Connection>>();
  readonly #byGroup = new Map<string, Set<Connection>>();

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

  joinAll(target: Target, groups: readonly string[]): void {
    for (const connection of [...this.of(target)]) {
      for (const group of groups) this.join(connection, group);
    }
  }

  leaveAll(target: Target, groups: readonly string[] | 'every'): void {
    for (const connection of [...this.of(target)]) {
      if (groups === 'every') this.leaveEvery(connection);
      else for (const group of groups) this.leave(connection, group);
    }
  }

  /** The connections an operation is about, at this moment. */
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
