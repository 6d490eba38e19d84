import { describe, expect, it } from 'vitest';
import {
  matchingRoutes,
  percentileOf,
  type RoutedCall,
  whyNot,
} from '../../../../functions/control/use-cases/set-up-call.ts';
import type { CallRoute } from '../../../../shared/call/route.ts';
import { PLAN, T0 } from '../../../support/calls.ts';

function route(name: string, match: CallRoute['match']): CallRoute {
  return { name, match, action: 'answer', plan: PLAN };
}

const caller = { rawId: '4:+14255550123', phoneNumber: '+14255550123' };
const called = { rawId: '4:+18005550199', phoneNumber: '+18005550199' };
const user = { rawId: '8:acs:resource_user' };

function aRoutedCall(fields: Partial<RoutedCall> = {}): RoutedCall {
  return {
    callId: 'a'.repeat(32),
    direction: 'inbound',
    from: caller,
    to: called,
    sipHeaders: {},
    voipHeaders: {},
    atMs: T0,
    ...fields,
  };
}

function chooseRoute(
  routes: readonly CallRoute[],
  from: RoutedCall['from'],
  to: RoutedCall['to'],
): CallRoute | undefined {
  return [...matchingRoutes(routes, aRoutedCall({ from, to }))][0];
}

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

describe('what a route asks of a call', () => {
  const asks = (match: CallRoute['match'], fields: Partial<RoutedCall> = {}): string | undefined =>
    whyNot(route('one', match), aRoutedCall(fields));

  it('is for inbound calls unless it says otherwise', () => {
    expect(asks({}, { direction: 'outbound' })).toBe('it is for inbound calls');
    expect(asks({ direction: 'outbound' }, { direction: 'outbound' })).toBeUndefined();
    expect(asks({ direction: 'outbound' })).toBe('it is for outbound calls');
  });

  it('finds headers whatever the case of their names, and wants every one that it names', () => {
    const sipHeaders = { 'X-MS-Custom-Tenant': 'contoso-west', 'User-To-User': 'abc' };
    expect(asks({ sipHeaders: { 'x-ms-custom-tenant': 'contoso*' } }, { sipHeaders })).toBeUndefined();
    expect(asks({ sipHeaders: { 'User-To-User': 'abc', 'X-Other': '*' } }, { sipHeaders })).toBe(
      'its SIP header X-Other is not *',
    );
    expect(asks({ voipHeaders: { 'User-To-User': 'abc' } }, { sipHeaders })).toBe(
      'its VoIP header User-To-User is not abc',
    );
  });

  it('looks at the clock', () => {
    const time = { timeZone: 'UTC', from: 9 * 60, to: 17 * 60 };
    expect(asks({ time }, { atMs: Date.UTC(2026, 0, 5, 9, 0) })).toBeUndefined();
    expect(asks({ time }, { atMs: Date.UTC(2026, 0, 5, 17, 0) })).toBe(
      'its time window does not cover the call',
    );
  });

  it('takes its part of a hundred of the calls, always the same ones, and independently of other routes', () => {
    const ids = Array.from({ length: 4_000 }, (_, index) => `call-${index}`);
    const taken = ids.filter((callId) => asks({ percentage: 25 }, { callId }) === undefined);
    expect(taken.length / ids.length).toBeCloseTo(0.25, 1);
    expect(ids.filter((callId) => asks({ percentage: 25 }, { callId }) === undefined)).toEqual(taken);
    const ofThem = taken.filter((callId) => percentileOf(callId, 'another route') < 50);
    expect(ofThem.length / taken.length).toBeCloseTo(0.5, 1);
    expect(asks({ percentage: 0 })).toBeDefined();
    expect(asks({ percentage: 100 })).toBeUndefined();
  });
});
