import { GRANTED_GROUPS_MAX } from '../base/limits.ts';
import { GroupPattern } from './group-pattern.ts';

export type GroupAction = 'joinLeaveGroup' | 'sendToGroup';

/**
 * What a connection may do with groups. It begins with the roles of its token: `webpubsub.sendToGroup` (every group),
 * `webpubsub.sendToGroup.{group}` (one) and `webpubsub.sendToGroups.{pattern}` (a wildcard role); the same for
 * `joinLeaveGroup`. Roles that say anything else grant nothing. The REST interface grants and revokes later.
 */
export class Permissions {
  readonly #rules: Readonly<Record<GroupAction, Rules>>;

  constructor(roles: readonly string[]) {
    this.#rules = {
      joinLeaveGroup: rulesOf(roles, 'webpubsub.joinLeaveGroup'),
      sendToGroup: rulesOf(roles, 'webpubsub.sendToGroup'),
    };
  }

  allows(action: GroupAction, group: string): boolean {
    return this.#rules[action].allows(group);
  }

  /**
   * Grants or revokes one group.
   * @returns whether it was done: what is said of single groups is bounded by `GRANTED_GROUPS_MAX`
   */
  change(action: GroupAction, group: string, allowed: boolean): boolean {
    return this.#rules[action].set(group, allowed);
  }

  summary(): Readonly<Record<GroupAction, GrantSummary>> {
    const { joinLeaveGroup, sendToGroup } = this.#rules;
    return { joinLeaveGroup: joinLeaveGroup.summary(), sendToGroup: sendToGroup.summary() };
  }
}

/** What a connection may do, as the control surface tells it. */
interface GrantSummary {
  /** Whether a group of which nothing else is said is allowed. */
  readonly all: boolean;
  readonly patterns: readonly string[];
  readonly granted: readonly string[];
  readonly revoked: readonly string[];
}

/** What one action may do. A rule for a single group beats the patterns, and these beat the default. */
class Rules {
  #byDefault = false;
  #patterns: readonly GroupPattern[] = [];
  readonly #single = new Map<string, boolean>();

  allows(group: string): boolean {
    const single = this.#single.get(group);
    return single ?? this.#allowsWithoutSingle(group);
  }

  set(group: string, allowed: boolean): boolean {
    // What holds anyway need not be said of the single group.
    if (this.#allowsWithoutSingle(group) === allowed) {
      this.#single.delete(group);
      return true;
    }
    if (!this.#single.has(group) && this.#single.size >= GRANTED_GROUPS_MAX) return false;
    this.#single.set(group, allowed);
    return true;
  }

  allowEvery(): void {
    this.#byDefault = true;
  }

  summary(): GrantSummary {
    const single = [...this.#single];
    return {
      all: this.#byDefault,
      patterns: this.#patterns.map(({ source }) => source),
      granted: single.filter(([, allowed]) => allowed).map(([group]) => group),
      revoked: single.filter(([, allowed]) => !allowed).map(([group]) => group),
    };
  }

  addPattern(pattern: GroupPattern): void {
    this.#patterns = [...this.#patterns, pattern];
  }

  #allowsWithoutSingle(group: string): boolean {
    return this.#byDefault || this.#patterns.some((pattern) => pattern.matches(group));
  }
}

function rulesOf(roles: readonly string[], prefix: string): Rules {
  const rules = new Rules();
  const exactPrefix = `${prefix}.`;
  const wildcardPrefix = `${prefix}s.`;
  if (roles.includes(prefix)) rules.allowEvery();
  for (const role of roles) {
    if (role.startsWith(wildcardPrefix)) {
      const pattern = GroupPattern.parse(role.slice(wildcardPrefix.length));
      if (pattern !== undefined) rules.addPattern(pattern);
    } else if (role.startsWith(exactPrefix)) {
      rules.set(role.slice(exactPrefix.length), true);
    }
  }
  return rules;
}
