import { describe, expect, it } from 'vitest';
import { IDENTIFIER_RULE } from '../../../../local/emulators/acs/telephones/identifiers.ts';
import { readCallOptions } from '../../../../local/run/cli/options.ts';
import { UsageError } from '../../../../shared/base/command-line.ts';
import { RAW_IDS } from '../../../support/raw-ids.ts';

describe('npm run call', () => {
  it.each(['+14255550123', ...RAW_IDS])('takes %s as caller and as callee', (party) => {
    expect(readCallOptions(['--in', 'a.wav', '--from', party, '--to', party])).toMatchObject({
      from: party,
      to: party,
    });
  });

  it.each(['--from', '--to'])('refuses a party that is none, with option, value and rule: %s', (option) => {
    const read = (): unknown => readCallOptions(['--in', 'a.wav', option, 'anonymous']);
    expect(read).toThrow(new UsageError(`${option} anonymous must be ${IDENTIFIER_RULE}`));
  });
});
