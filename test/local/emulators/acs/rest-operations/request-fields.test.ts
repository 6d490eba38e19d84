import { describe, expect, it } from 'vitest';
import { Fields } from '../../../../../local/emulators/acs/http/fields.ts';
import { RefusedError } from '../../../../../local/emulators/acs/http/refusal.ts';
import {
  readIdentifier,
  readIdentifiers,
  readPhoneNumber,
} from '../../../../../local/emulators/acs/rest-operations/request-fields.ts';

const USER = '8:acs:11111111-1111-1111-1111-111111111111_22222222-2222-2222-2222-222222222222';
const GUID = '33333333-3333-3333-3333-333333333333';

function rawIdOf(who: unknown): string | undefined {
  return readIdentifier(new Fields({ who }), 'who')?.rawId;
}

describe('an identifier of a request', () => {
  it.each([
    [{ rawId: '4:+14255550123' }, '4:+14255550123'],
    [{ kind: 'phoneNumber', phoneNumber: { value: '+14255550123' } }, '4:+14255550123'],
    [{ communicationUser: { id: USER } }, USER],
    [{ rawId: USER, communicationUser: { id: 'another' } }, USER],
    [{ microsoftTeamsUser: { userId: GUID, isAnonymous: false } }, `8:orgid:${GUID}`],
    [{ microsoftTeamsApp: { appId: GUID, cloud: 'public' } }, `28:orgid:${GUID}`],
    [undefined, undefined],
  ])('%o is %s', (model, rawId) => {
    expect(rawIdOf(model)).toBe(rawId);
  });

  it.each([[{}], [{ rawId: 'me' }], [{ phoneNumber: { value: '911' } }], [{ communicationUser: {} }]])(
    '%o names nobody and is refused',
    (model) => {
      expect(() => rawIdOf(model)).toThrow(RefusedError);
      expect(() => rawIdOf(model)).toThrow(/who/);
    },
  );

  it('is one of a list where nobody may be missing or named twice', () => {
    const list = (who: unknown): unknown => readIdentifiers(new Fields({ who }), 'who');
    expect(list([{ rawId: USER }])).toMatchObject([{ rawId: USER }]);
    expect(() => list([])).toThrow(/at least one/);
    expect(() => list(undefined)).toThrow(/at least one/);
    expect(() => list([{ rawId: USER }, { communicationUser: { id: USER } }])).toThrow(/twice/);
    expect(() => list([{ rawId: USER }, { rawId: 'me' }])).toThrow(/who\[1\]/);
    expect(() => list({ rawId: USER })).toThrow(/array/);
  });

  it('may be a phone number alone', () => {
    const number = (value: unknown): unknown => readPhoneNumber(new Fields({ from: value }), 'from');
    expect(number({ value: '+14255550123' })).toBe('+14255550123');
    expect(number(undefined)).toBeUndefined();
    for (const value of ['14255550123', USER, '4:+14255550123']) {
      expect(() => number({ value })).toThrow(/from\.value/);
    }
  });
});
