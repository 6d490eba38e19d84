import { describe, expect, it } from 'vitest';
import { type CallRoute, chooseRoute } from '../../shared/core/routes.ts';
import { PLAN } from '../support/calls.ts';

function route(name: string, match: CallRoute['match']): CallRoute {
  return { name, match, action: 'answer', plan: PLAN };
}

const caller = { rawId: '4:+14255550123', phoneNumber: '+14255550123' };
const called = { rawId: '4:+18005550199', phoneNumber: '+18005550199' };
const user = { rawId: '8:acs:resource_user' };

describe('choosing a route', () => {
  it('takes the first that matches', () => {
    const routes = [route('other', { from: '+1900*' }), route('first', { to: '+1800*' }), route('all', {})];
    expect(chooseRoute(routes, caller, called)?.name).toBe('first');
  });

  it('finds none where none matches', () => {
    expect(chooseRoute([route('other', { from: '+1900*' })], caller, called)).toBeUndefined();
    expect(chooseRoute([], caller, called)).toBeUndefined();
  });

  it('wants both ends to match', () => {
    const both = route('both', { from: '+14255550123', to: '+18005550199' });
    expect(chooseRoute([both], caller, called)).toBe(both);
    expect(chooseRoute([both], called, caller)).toBeUndefined();
  });

  it.each([
    ['a number', '+14255550123', true],
    ['a raw id', '4:+14255550123', true],
    ['the beginning of a number', '+1425*', true],
    ['the beginning of a raw id', '4:+1*', true],
    ['anything', '*', true],
    ['the beginning of a number without its star', '+1425', false],
    ['another number', '+14255550124', false],
    ['the end of a number', '5550123', false],
  ])('takes a pattern of %s', (_what, from, matches) => {
    expect(chooseRoute([route('one', { from })], caller, called) !== undefined).toBe(matches);
  });

  it('knows a number by its raw id alone', () => {
    expect(chooseRoute([route('one', { from: '+1425*' })], { rawId: caller.rawId }, called)).toBeDefined();
  });

  it('matches callers that have no number by their raw id', () => {
    expect(chooseRoute([route('one', { from: '8:acs:resource_*' })], user, called)).toBeDefined();
    expect(chooseRoute([route('one', { from: '+*' })], user, called)).toBeUndefined();
  });
});
