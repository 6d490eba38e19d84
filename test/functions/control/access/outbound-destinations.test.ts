import { describe, expect, it } from 'vitest';
import { isAllowed } from '../../../../functions/control/access/outbound-guard.ts';
import { DESTINATION_PATTERN } from '../../../../functions/control/settings/control-settings.ts';

describe('destinations of calls', () => {
  it.each<[string, readonly string[], boolean]>([
    ['4:+14255550123', [], false],
    ['4:+14255550123', ['+1425*'], true],
    ['4:+14255550123', ['+14255550123'], true],
    ['4:+142555501234', ['+14255550123'], false],
    ['4:+14245550123', ['+1425*'], false],
    ['4:+14245550123', ['+44*', '+1424*'], true],
    ['4:+4420', ['+*'], true],
    ['4:+14255550123;ext=1', ['+*'], false],
    ['4:14255550123', ['+*'], false],
    ['4:911', ['+*'], false],
    ['8:acs:resource_user', ['+*'], false],
    ['8:acs:resource_user', ['8:acs:*'], true],
    ['8:acs:resource_user', ['8:acs:resource_user'], true],
    ['28:gcch:app', ['8:acs:*'], false],
  ])('%s under %j: allowed is %s', (rawId, patterns, allowed) => {
    expect(isAllowed(rawId, patterns)).toBe(allowed);
  });

  it('have patterns of these forms alone', () => {
    for (const pattern of ['+*', '+1425*', '+14255550123', '8:acs:*', '8:orgid:abc', '28:gcch:*'])
      expect(DESTINATION_PATTERN.test(pattern), pattern).toBe(true);
    for (const pattern of [
      '*',
      '1425*',
      '+0*',
      '+14*25',
      '4:+1425*',
      '+',
      '8:',
      '28:*',
      '+1425**',
      '+1 425*',
    ])
      expect(DESTINATION_PATTERN.test(pattern), pattern).toBe(false);
  });
});
