import { GroupPattern } from './group-pattern.ts';

export type GroupAction = 'joinLeaveGroup' | 'sendToGroup';

interface Grants {
  all: boolean;
  readonly groups: Set<string>;
  readonly patterns: GroupPattern[];
}

const ROLE_PREFIX: Readonly<Record<GroupAction, string>> = {
  joinLeaveGroup: 'webpubsub.joinLeaveGroup',
  sendToGroup: 'webpubsub.sendToGroup',
};

/**
 * What a connection may do with groups, from the roles of its token: `webpubsub.sendToGroup` (every group),
 * `webpubsub.sendToGroup.{group}` (one) and `webpubsub.sendToGroups.{pattern}` (a wildcard role); the same for
 * `joinLeaveGroup`. Roles that say anything else grant nothing.
 */
export class Permissions {
  readonly #grants: Readonly<Record<GroupAction, Grants>>;

  constructor(roles: readonly string[]) {
    this.#grants = {
      joinLeaveGroup: grantsOf(roles, ROLE_PREFIX.joinLeaveGroup),
      sendToGroup: grantsOf(roles, ROLE_PREFIX.sendToGroup),
    };
  }

  allows(action: GroupAction, group: string): boolean {
    const grants = this.#grants[action];
    return (
      grants.all || grants.groups.has(group) || grants.patterns.some((pattern) => pattern.matches(group))
    );
  }
}

function grantsOf(roles: readonly string[], prefix: string): Grants {
  const grants: Grants = { all: false, groups: new Set(), patterns: [] };
  const exactPrefix = `${prefix}.`;
  const wildcardPrefix = `${prefix}s.`;
  for (const role of roles) {
    if (role === prefix) {
      grants.all = true;
    } else if (role.startsWith(wildcardPrefix)) {
      const pattern = GroupPattern.parse(role.slice(wildcardPrefix.length));
      if (pattern !== undefined) grants.patterns.push(pattern);
    } else if (role.startsWith(exactPrefix)) {
      grants.groups.add(role.slice(exactPrefix.length));
    }
  }
  return grants;
}
