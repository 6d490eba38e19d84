import { describe, expect, it } from 'vitest';
import type { Callees } from '../../../../../local/emulators/acs/telephones/callees.ts';
import { Invitation, type InvitationEnd } from '../../../../../local/emulators/acs/telephones/invitation.ts';
import { ManualClock } from '../../../../support/manual-clock.ts';
import { FakeCallees } from '../fake-callees.ts';

const LIMIT_MS = 10_000;

function invite(callees: Callees = new FakeCallees()): {
  invitation: Invitation;
  ends: InvitationEnd[];
  clock: ManualClock;
  settle: () => Promise<void>;
} {
  const ends: InvitationEnd[] = [];
  const clock = new ManualClock();
  const invitation = new Invitation({
    id: 'i',
    identifier: { rawId: '8:acs:ana' },
    timeoutMs: LIMIT_MS,
    callees,
    clock,
    incoming: {
      from: undefined,
      displayName: undefined,
      callConnectionId: 'c',
      serverCallId: 's',
      correlationId: 'r',
      sipHeaders: {},
      voipHeaders: {},
    },
    onEnd: (end) => ends.push(end),
  });
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return { invitation, ends, clock, settle };
}

describe('an invitation', () => {
  it('ends with what the callee does, once, and no timer is left', async () => {
    const callees = new FakeCallees();
    const { ends, clock, settle, invitation } = invite(callees);
    const phone = callees.rings[0]?.answer();
    await settle();
    expect(ends).toMatchObject([{ type: 'answered', phone, line: { rawId: '8:acs:ana' } }]);
    expect(clock.pending()).toEqual([]);
    expect(invitation.cancel()).toBe(false);
    expect(callees.rings[0]?.cancelled).toBe(false);
  });

  it('is noAnswer after its time, and the telephone stops ringing', async () => {
    const callees = new FakeCallees();
    const { ends, clock, settle } = invite(callees);
    clock.advance(LIMIT_MS);
    expect(ends).toEqual([{ type: 'noAnswer' }]);
    expect(callees.rings[0]?.cancelled).toBe(true);
    const late = callees.rings[0]?.answer();
    await settle();
    expect(ends).toHaveLength(1);
    expect(late?.ends, 'who answers too late hears that it is over').toEqual(['cancelled']);
  });

  it('can be cancelled once', () => {
    const { invitation, ends, clock } = invite();
    expect(invitation.cancel()).toBe(true);
    expect(invitation.cancel()).toBe(false);
    expect(ends).toEqual([{ type: 'cancelled' }]);
    expect(clock.pending()).toEqual([]);
  });

  it('is dropped without a word', async () => {
    const callees = new FakeCallees();
    const { invitation, ends, settle } = invite(callees);
    invitation.close();
    invitation.close();
    callees.rings[0]?.end('busy');
    await settle();
    expect(ends).toEqual([]);
  });

  it.each<[string, Callees]>([
    [
      'throws',
      {
        knows: () => true,
        ring: () => {
          throw new Error('broken');
        },
      },
    ],
    [
      'rejects',
      {
        knows: () => true,
        ring: () => ({ outcome: Promise.reject(new Error('broken')), cancel: () => {} }),
      },
    ],
  ])('to a telephone that %s finds it unavailable', async (_, callees) => {
    const { ends, settle } = invite(callees);
    await settle();
    expect(ends).toEqual([{ type: 'unavailable' }]);
  });
});
