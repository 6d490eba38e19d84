import {
  createIdentifierFromRawId,
  deserializeCommunicationIdentifier,
  getIdentifierRawId,
  type SerializedCommunicationIdentifier,
  serializeCommunicationIdentifier,
} from '@azure/communication-common';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fields } from '../../../../../local/emulators/acs/http/fields.ts';
import { readIdentifier } from '../../../../../local/emulators/acs/rest-operations/request-fields.ts';
import { IDENTIFIER_RULE, identifierOf } from '../../../../../local/emulators/acs/telephones/identifiers.ts';
import { RAW_IDS } from '../../../../support/raw-ids.ts';

function readBySdk(rawId: string) {
  const model = identifierOf(rawId);
  if (model === undefined) throw new Error(`${rawId} is no identifier`);
  return deserializeCommunicationIdentifier(model as unknown as SerializedCommunicationIdentifier);
}

describe('the identifier of a party', () => {
  it.each(RAW_IDS)('is for the SDK what it makes of the raw id: %s', (rawId) => {
    const own = createIdentifierFromRawId(rawId);
    const read = readBySdk(rawId);
    expect(read).toMatchObject(own);
    expect(read.kind).toBe(own.kind);
    expect(getIdentifierRawId(read)).toBe(rawId);
  });

  it('holds exactly what the forms allow, whatever is written', () => {
    const prefix = fc.constantFrom(
      ...RAW_IDS.map((rawId) => rawId.replace(/[^:]*$/, '')),
      '',
      '4:+',
      '48:a:',
    );
    const rest = fc.string({ unit: fc.constantFrom(...'0123456789abcdef-_+:A. ') });
    fc.assert(
      fc.property(prefix, rest, (before, after) => {
        const rawId = before + after;
        if (identifierOf(rawId) === undefined || rawId.startsWith('+')) return;
        const { kind } = createIdentifierFromRawId(rawId);
        expect(readBySdk(rawId)).toMatchObject({ kind });
      }),
      { numRuns: 2_000 },
    );
  });

  it.each(RAW_IDS)('of a request is taken without its raw id: %s', (rawId) => {
    const { rawId: _, ...who } = serializeCommunicationIdentifier(createIdentifierFromRawId(rawId));
    // A bot is nothing but its raw id.
    if (Object.keys(who).length === 0) return;
    expect(readIdentifier(new Fields({ who }), 'who')).toEqual(identifierOf(rawId));
  });

  it('is that of a telephone where it is a bare number', () => {
    expect(identifierOf('+14255550123')).toEqual(identifierOf('4:+14255550123'));
  });

  it.each([
    '',
    'anonymous',
    '+0123',
    '14255550123',
    '4:',
    '4:14255550123',
    '4:+14255550123_',
    '+14255550123_a',
    '4:Anonymous',
    '8:acs:',
    '8:acs:ab',
    '8:acs:a_b_c_d',
    '8:ACS:a_b',
    '8:orgid:a_b',
    '8:orgid:a:b',
    '8:nobody:a',
    '28:orgid:',
    '48:a',
    ' 4:anonymous',
    '4:anonymous\n',
  ])('is none for %j', (text) => {
    expect(identifierOf(text)).toBeUndefined();
  });

  it('is told apart by a rule that names every form', () => {
    for (const rawId of RAW_IDS) expect(IDENTIFIER_RULE).toContain(rawId.replace(/[^:]*$/, ''));
    expect(IDENTIFIER_RULE).toContain('4:anonymous');
  });
});
