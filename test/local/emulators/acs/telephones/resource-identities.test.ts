import { describe, expect, it } from 'vitest';
import { identifierOf } from '../../../../../local/emulators/acs/telephones/identifiers.ts';
import { ResourceIdentities } from '../../../../../local/emulators/acs/telephones/resource-identities.ts';

const RESOURCE = '11111111-1111-1111-1111-11111111abcd';
const OTHER = '22222222-2222-2222-2222-222222222222';

function owns(resource: ResourceIdentities, text: string): boolean {
  const identifier = identifierOf(text);
  if (identifier === undefined) throw new Error(`${text} is no identifier`);
  return resource.owns(identifier);
}

describe('who belongs to a resource', () => {
  it.each([
    [`8:acs:${RESOURCE}_${OTHER}`, true],
    [`8:acs:${RESOURCE.toUpperCase()}_${OTHER}`, true],
    [`8:gcch-acs:${RESOURCE}_${OTHER}`, true],
    [`8:acs:${OTHER}_${RESOURCE}`, false],
    // A Teams user for whom the resource acts.
    [`8:acs:${RESOURCE}_${OTHER}_${OTHER}`, false],
    [`8:orgid:${RESOURCE}`, false],
    ['28:orgid:11111111-1111-1111-1111-111111111111', false],
    ['+14255550101', true],
    ['+14255550102', false],
    ['4:anonymous', false],
  ])('of users and numbers: %s is %s', (text, expected) => {
    expect(owns(new ResourceIdentities(RESOURCE, ['+14255550101']), text)).toBe(expected);
  });

  it('learns numbers, and neither users nor withheld numbers', () => {
    const resource = new ResourceIdentities(RESOURCE);
    for (const text of ['+14255550103', '4:anonymous', `8:acs:${OTHER}_${OTHER}`]) {
      const identifier = identifierOf(text);
      if (identifier !== undefined) resource.learn(identifier);
    }
    expect(owns(resource, '+14255550103')).toBe(true);
    expect(owns(resource, '4:anonymous')).toBe(false);
    expect(owns(resource, `8:acs:${OTHER}_${OTHER}`)).toBe(false);
  });

  it('refuses a number that is none', () => {
    expect(() => new ResourceIdentities(RESOURCE, ['4255550101'])).toThrow('E.164');
  });
});
