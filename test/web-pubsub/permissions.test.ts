import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GroupPattern } from '../../local/web-pubsub/hub/group-pattern.ts';
import { Permissions } from '../../local/web-pubsub/hub/permissions.ts';

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
