import { describe, expect, it } from 'vitest';
import { CALL_ID_PATTERN, downGroup, HUB, WORKER_NAME_PATTERN } from '../../../shared/wire/names.ts';

describe('names', () => {
  it('of the hub are what Web PubSub takes as a hub', () => {
    expect(HUB).toMatch(/^[A-Za-z][A-Za-z0-9_`,.[\]]{0,127}$/);
  });

  it.each([['echo'], ['a'], ['voice-2'], [`a${'b'.repeat(62)}`]])('of a worker may be %s', (name) => {
    expect(name).toMatch(WORKER_NAME_PATTERN);
  });

  it.each([
    [''],
    ['Echo'],
    ['2nd'],
    ['-a'],
    ['a b'],
    ['a/b'],
    ['a.b'],
    ['..'],
    [`a${'b'.repeat(63)}`],
    ['a\n'],
  ])('of a worker may not be %j', (name) => {
    expect(name).not.toMatch(WORKER_NAME_PATTERN);
  });

  it.each([['0123456789abcdef'], ['z'.repeat(64)]])('of a call may be %s', (id) => {
    expect(id).toMatch(CALL_ID_PATTERN);
  });

  it.each([
    ['short'],
    ['0123456789ABCDEF'],
    ['../../../../../../'],
    ['z'.repeat(65)],
    ['0123456789abcdef\n'],
  ])('of a call may not be %j', (id) => {
    expect(id).not.toMatch(CALL_ID_PATTERN);
  });

  it('of two lanes never share a group', () => {
    const groups = [downGroup('call1', 'echo'), downGroup('call1', 'robot'), downGroup('call2', 'echo')];
    expect(new Set(groups).size).toBe(3);
  });
});
