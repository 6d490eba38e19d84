import type { IdentifierJson } from '../../event-grid/incoming-call.ts';

/** One person or application on a call, as `CallParticipant` shows it. */
export interface RosterEntry {
  readonly identifier: IdentifierJson;
  readonly isMuted: boolean;
  readonly isOnHold: boolean;
}

/** Everybody on a call, in the order of joining. */
export type Roster = readonly RosterEntry[];

export type RosterInput =
  | { readonly type: 'join'; readonly identifier: IdentifierJson }
  | { readonly type: 'leave'; readonly rawId: string }
  | { readonly type: 'mute'; readonly rawId: string; readonly muted: boolean }
  | { readonly type: 'hold'; readonly rawId: string; readonly onHold: boolean };

/**
 * One change of who is on a call:
 *
 * ```
 * absent ──join──▶ present (muted: yes/no, on hold: yes/no) ──leave──▶ absent
 * ```
 * What changes nothing (a second join, somebody who is not there, muting the muted) gives the same roster back.
 */
export function stepRoster(roster: Roster, input: RosterInput): Roster {
  switch (input.type) {
    case 'join': {
      if (find(roster, input.identifier.rawId) !== undefined) return roster;
      return [...roster, { identifier: input.identifier, isMuted: false, isOnHold: false }];
    }
    case 'leave': {
      const rest = roster.filter(({ identifier }) => identifier.rawId !== input.rawId);
      return rest.length === roster.length ? roster : rest;
    }
    case 'mute':
      return replace(roster, input.rawId, { isMuted: input.muted });
    case 'hold':
      return replace(roster, input.rawId, { isOnHold: input.onHold });
  }
}

function replace(roster: Roster, rawId: string, change: Partial<RosterEntry>): Roster {
  const entry = find(roster, rawId);
  if (entry === undefined) return roster;
  const next = { ...entry, ...change };
  if (next.isMuted === entry.isMuted && next.isOnHold === entry.isOnHold) return roster;
  return roster.map((other) => (other === entry ? next : other));
}

function find(roster: Roster, rawId: string): RosterEntry | undefined {
  return roster.find(({ identifier }) => identifier.rawId === rawId);
}
