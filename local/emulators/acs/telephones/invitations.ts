import type { Clock } from '../../common/clock.ts';
import type { Random } from '../../common/random.ts';
import type { IdentifierJson } from '../../event-grid/incoming-call.ts';
import { RefusedError, refusals } from '../http/refusal.ts';
import type { Callees, IncomingLeg } from './callees.ts';
import { Invitation, type InvitationEnd } from './invitation.ts';

/** Telephones that ring for one call at the same time. */
export const MAX_INVITATIONS = 50;

/** How the application wants somebody to be called. */
export interface Invite {
  readonly identifier: IdentifierJson;
  /** Whose number or name is shown. */
  readonly from: IdentifierJson | undefined;
  readonly displayName?: string | undefined;
  /** Absent where the kind of call brings no headers along. */
  readonly sipHeaders?: Readonly<Record<string, string>> | undefined;
  readonly voipHeaders?: Readonly<Record<string, string>> | undefined;
  readonly timeoutMs?: number | undefined;
}

interface InvitationsOptions {
  readonly callees: Callees;
  readonly clock: Clock;
  readonly random: Random;
  readonly call: Pick<IncomingLeg, 'callConnectionId' | 'serverCallId' | 'correlationId'>;
}

/** The telephones that ring for one call. */
export class Invitations {
  readonly #options: InvitationsOptions;
  readonly #ringing = new Map<string, Invitation>();

  constructor(options: InvitationsOptions) {
    this.#options = options;
  }

  /**
   * Lets a telephone ring; `onEnd` is called once unless all invitations are dropped before.
   * @throws RefusedError 429 8516 when too many ring already
   */
  invite(invite: Invite, onEnd: (end: InvitationEnd, id: string) => void): Invitation {
    if (this.#ringing.size >= MAX_INVITATIONS) throw new RefusedError(refusals.tooManyCalls());
    const { callees, clock, random, call } = this.#options;
    const id = random.uuid();
    const { identifier, timeoutMs, from, displayName, sipHeaders, voipHeaders } = invite;
    const invitation = new Invitation({
      id,
      identifier,
      timeoutMs,
      callees,
      clock,
      incoming: { ...call, from, displayName, sipHeaders, voipHeaders },
      onEnd: (end) => {
        this.#ringing.delete(id);
        onEnd(end, id);
      },
    });
    this.#ringing.set(id, invitation);
    return invitation;
  }

  /** Whether this person's telephone rings for the call. */
  includes(rawId: string): boolean {
    return [...this.#ringing.values()].some(({ identifier }) => identifier.rawId === rawId);
  }

  /** @returns who was invited; undefined where nothing of this id rings */
  cancel(id: string): IdentifierJson | undefined {
    const invitation = this.#ringing.get(id);
    return invitation?.cancel() === true ? invitation.identifier : undefined;
  }

  /** Every telephone stops ringing, without `onEnd`. Idempotent. */
  drop(): void {
    for (const invitation of this.#ringing.values()) invitation.close();
    this.#ringing.clear();
  }
}
