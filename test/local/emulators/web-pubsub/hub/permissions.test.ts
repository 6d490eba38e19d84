import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GroupPattern } from '../../../../../local/emulators/web-pubsub/hub/group-pattern.ts';
import { Permissions } from '../../../../../local/emulators/web-pubsub/hub/permissions.ts';

/** The pattern language in words of another: a regular expression. */
function asRegExp(pattern: string): RegExp {
  const source = pattern.replace(/\*{2,}|\*|\?|\\([*?\\])|[\s\S]/gu, (token, escaped: string | undefined) => {
    if (escaped !== undefined) return `\\${escaped}`;
    if (token.startsWith('**')) return '[^]*';
    if (token === '*') return '[^.]*';
    if (token === '?') return '[^.]';
    return token.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
  });
  return new RegExp(`^${source}$`);
}

describe('a wildcard pattern', () => {
  it('matches as the regular expression that says the same', () => {
    const pattern = fc.string({
      unit: fc.constantFrom('a', 'b', '.', '*', '?', '**'),
      minLength: 1,
      maxLength: 8,
    });
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '.', '+'), maxLength: 10 });
    fc.assert(
      fc.property(pattern, name, (text, group) => {
        const parsed = GroupPattern.parse(text);
        const asterisks = text.match(/\*+/g)?.length ?? 0;
        expect(parsed === undefined, 'more than five wildcards are not accepted').toBe(asterisks > 5);
        if (parsed !== undefined) expect(parsed.matches(group)).toBe(asRegExp(text).test(group));
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ['call.*.down', 'call.1.down', true],
    ['call.*.down', 'call.1.2.down', false],
    ['call.**', 'call.1.2.down', true],
    ['call.?', 'call.', false],
    ['Call', 'call', false],
    ['a\\*', 'a*', true],
    ['a\\*', 'ab', false],
  ])('%s against %s: %s', (pattern, group, matches) => {
    expect(GroupPattern.parse(pattern)?.matches(group)).toBe(matches);
  });

  it('is refused when it is empty, too long or escapes what needs no escape', () => {
    for (const pattern of ['', 'x'.repeat(1_025), 'a\\b', 'a\\'])
      expect(GroupPattern.parse(pattern)).toBeUndefined();
  });
});

describe('roles', () => {
  it('grant every group, one group, or the groups of a pattern, each for its own action', () => {
    const all = new Permissions(['webpubsub.joinLeaveGroup']);
    expect(all.allows('joinLeaveGroup', 'any')).toBe(true);
    expect(all.allows('sendToGroup', 'any')).toBe(false);
    const some = new Permissions([
      'webpubsub.sendToGroup.a.b',
      'webpubsub.sendToGroups.c.*',
      'webpubsub.SendToGroup',
      'x',
    ]);
    expect(some.allows('sendToGroup', 'a.b')).toBe(true);
    expect(some.allows('sendToGroup', 'a')).toBe(false);
    expect(some.allows('sendToGroup', 'c.d')).toBe(true);
    expect(some.allows('joinLeaveGroup', 'a.b')).toBe(false);
  });

  it('grant nothing when there are none', () => {
    expect(new Permissions([]).allows('sendToGroup', 'g')).toBe(false);
  });
});

describe('permissions that are granted and revoked', () => {
  const groups = ['a', 'room.1', 'room.2'];

  it('always hold what was said of a group last, whatever its roles say', () => {
    const change = fc.record({ group: fc.constantFrom(...groups), allowed: fc.boolean() });
    const roles = fc.subarray([
      'webpubsub.sendToGroup',
      'webpubsub.sendToGroup.a',
      'webpubsub.sendToGroups.room.*',
    ]);
    fc.assert(
      fc.property(roles, fc.array(change, { maxLength: 20 }), (given, changes) => {
        const permissions = new Permissions(given);
        const expected = new Map(groups.map((group) => [group, permissions.allows('sendToGroup', group)]));
        for (const { group, allowed } of changes) {
          expect(permissions.change('sendToGroup', group, allowed)).toBe(true);
          expected.set(group, allowed);
          for (const each of groups) expect(permissions.allows('sendToGroup', each)).toBe(expected.get(each));
        }
        expect(permissions.allows('joinLeaveGroup', 'a'), 'the other action is untouched').toBe(false);
      }),
    );
  });

  it('are told: what holds for all, by which patterns, and for which groups besides', () => {
    const permissions = new Permissions(['webpubsub.sendToGroups.room.*', 'webpubsub.sendToGroup.a']);
    permissions.change('sendToGroup', 'room.1', false);
    permissions.change('sendToGroup', 'room.2', true);
    expect(permissions.summary().sendToGroup).toEqual({
      all: false,
      patterns: ['room.*'],
      granted: ['a'],
      revoked: ['room.1'],
    });
  });

  it('are kept for a thousand single groups, and no more unless one is taken back', () => {
    const permissions = new Permissions([]);
    for (let i = 0; i < 1_000; i += 1) expect(permissions.change('sendToGroup', `g${i}`, true)).toBe(true);
    expect(permissions.change('sendToGroup', 'more', true)).toBe(false);
    expect(permissions.change('sendToGroup', 'g7', true), 'what is known already').toBe(true);
    expect(permissions.change('sendToGroup', 'g8', false)).toBe(true);
    expect(permissions.change('sendToGroup', 'more', true)).toBe(true);
  });
});
