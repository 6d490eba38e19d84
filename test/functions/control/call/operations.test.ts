import { describe, expect, it } from 'vitest';
import {
  addOperation,
  cancelInvitation,
  endOperations,
  giveUpOperations,
  type Ledger,
  noteInvitation,
  OPERATION_LIMIT_MS,
  settleOperation,
  settlePending,
} from '../../../../functions/control/call/operations.ts';
import { T0 } from '../../../support/calls.ts';

const MAX_OPERATIONS = 32;

function ledgerOf(...types: Parameters<typeof addOperation>[1]['type'][]): Ledger {
  return types.reduce<Ledger>(
    (ledger, type, index) => addOperation(ledger, { id: `op-${index}`, type }, T0) ?? ledger,
    [],
  );
}

const done = { state: 'succeeded' } as const;
const broken = { state: 'failed', reason: '400/8523' } as const;

describe('the account of operations', () => {
  it('has what was asked for as pending, once however often the same is entered', () => {
    const ledger = ledgerOf('play');
    expect(ledger).toEqual([{ id: 'op-0', type: 'play', state: 'pending', requestedAtMs: T0 }]);
    expect(addOperation(ledger, { id: 'op-0', type: 'play' }, T0 + 5)).toBe(ledger);
  });

  it('takes a result once', () => {
    const settled = settleOperation(ledgerOf('play'), 'op-0', done, T0 + 5);
    expect(settled[0]).toMatchObject({ state: 'succeeded', settledAtMs: T0 + 5 });
    expect(settleOperation(settled, 'op-0', broken, T0 + 6)).toBe(settled);
  });

  it('says why something failed', () => {
    expect(settleOperation(ledgerOf('transfer'), 'op-0', broken, T0)[0]).toMatchObject(broken);
  });

  it('is not changed by results of what is not in it', () => {
    const ledger = ledgerOf('play');
    expect(settleOperation(ledger, 'op-7', done, T0)).toBe(ledger);
  });

  it('lets a hold fail though ACS took it on', () => {
    const held = settleOperation(ledgerOf('hold'), 'op-0', done, T0);
    expect(settleOperation(held, 'op-0', broken, T0 + 1)[0]?.state).toBe('failed');
  });

  it('believes a result that comes after the end of the call, or after it was given up', () => {
    const ledger = ledgerOf('transfer');
    for (const given of [endOperations(ledger, T0), giveUpOperations(ledger, T0 + OPERATION_LIMIT_MS)]) {
      expect(given[0]).toMatchObject({ state: 'failed', assumed: true });
      const late = settleOperation(given, 'op-0', done, T0 + 1);
      expect(late[0]?.state).toBe('succeeded');
      expect(late[0], 'nothing is left of the assumption').not.toHaveProperty('assumed');
      expect(late[0]).not.toHaveProperty('reason');
      expect(settleOperation(late, 'op-0', broken, T0 + 2)).toBe(late);
    }
  });

  it('does not give up what is played, which lasts as long as it lasts', () => {
    const ledger = ledgerOf('play', 'recognize');
    const given = giveUpOperations(ledger, T0 + OPERATION_LIMIT_MS);
    expect(given.map(({ state }) => state)).toEqual(['pending', 'failed']);
    expect(giveUpOperations(ledger, T0 + OPERATION_LIMIT_MS - 1)).toBe(ledger);
  });

  it('settles what is pending of a type where a result names nothing', () => {
    const settled = settlePending(ledgerOf('stopTranscription', 'play'), 'stopTranscription', done, T0);
    expect(settled.map(({ state }) => state)).toEqual(['succeeded', 'pending']);
  });

  it('settles an invitation that was taken back, of which nothing else is told', () => {
    const invited = noteInvitation(ledgerOf('addParticipant', 'addParticipant'), 'op-1', 'invitation');
    const cancelled = cancelInvitation(invited, 'invitation', T0);
    expect(cancelled.map(({ state, reason }) => [state, reason])).toEqual([
      ['pending', undefined],
      ['failed', 'cancelled'],
    ]);
  });

  it('forgets the oldest settled one for a new one, and never one that is pending', () => {
    const full = ledgerOf(...Array.from({ length: MAX_OPERATIONS }, () => 'play' as const));
    expect(addOperation(full, { id: 'op-new', type: 'play' }, T0), 'all are pending').toBeUndefined();
    const settled = settleOperation(settleOperation(full, 'op-3', done, T0), 'op-9', done, T0);
    const added = addOperation(settled, { id: 'op-new', type: 'play' }, T0) ?? [];
    expect(added).toHaveLength(MAX_OPERATIONS);
    expect(added.map(({ id }) => id)).not.toContain('op-3');
    expect(added.map(({ id }) => id)).toContain('op-9');
    expect(added.at(-1)?.id).toBe('op-new');
  });
});
