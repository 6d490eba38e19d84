import { ApiError } from '../http/api-error.ts';
import type { Target } from '../hub/commands.ts';
import { hubKey } from '../hub/names.ts';

/** Members of a request that says which connections are meant. */
const MEMBERS = ['hub', 'connectionId', 'userId', 'group'] as const;

/** Connections of one hub, or of all. */
export interface Selection {
  readonly hub?: string;
  readonly target: Target;
}

/**
 * Reads which connections a request is about: `hub`, and one of `connectionId`, `userId` and `group`, each optional.
 * @throws ApiError 400 naming the rule that is broken
 */
export function readSelection(members: Readonly<Record<string, unknown>>): Selection {
  const given: Partial<Record<(typeof MEMBERS)[number], string>> = {};
  for (const [name, value] of Object.entries(members)) {
    const known = MEMBERS.find((member) => member === name);
    if (known === undefined) throw invalid(`'${name}' is none of ${MEMBERS.join(', ')}`);
    if (typeof value !== 'string') throw invalid(`'${name}' must be a string`);
    given[known] = value;
  }
  const { hub, connectionId, userId, group } = given;
  if ([connectionId, userId, group].filter((each) => each !== undefined).length > 1)
    throw invalid('a selection has one of connectionId, userId and group');
  return {
    ...(hub === undefined ? {} : { hub: hubKey(hub) }),
    target: targetOf(connectionId, userId, group),
  };
}

function targetOf(
  connectionId: string | undefined,
  userId: string | undefined,
  group: string | undefined,
): Target {
  if (connectionId !== undefined) return { to: 'connection', connectionId };
  if (userId !== undefined) return { to: 'user', userId };
  return group === undefined ? { to: 'all' } : { to: 'group', group };
}

function invalid(rule: string): ApiError {
  return new ApiError(400, 'BadRequest', `The request selects no connections: ${rule}.`);
}
