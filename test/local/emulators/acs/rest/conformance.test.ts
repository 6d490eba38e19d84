import { describe, expect, it } from 'vitest';
import definition from '../../../../../local/emulators/acs/rest/api-definition.json' with { type: 'json' };
import { membersOf } from '../../../../../local/emulators/acs/rest/api-types.ts';
import { conformance, type EnumCasing } from '../../../../../local/emulators/acs/rest/conformance.ts';
import { OPERATIONS } from '../../../../../local/emulators/acs/rest-operations/operations.ts';

const CALLEE = { kind: 'phoneNumber', rawId: '4:+1999', phoneNumber: { value: '+1999' } };

describe('the API definition', () => {
  it('has every operation that is served, with the same method, path and status', () => {
    const served = OPERATIONS.map(({ name, method, path }) => `${name} ${method} ${path}`).sort();
    const operations = Object.entries({ ...definition.operations, ...definition.previewOperations });
    const defined = operations.map(([n, o]) => `${n} ${o.method} ${o.path}`);
    expect(served).toEqual(defined.sort());
    for (const { name, success } of OPERATIONS) {
      const operation = operations.find(([other]) => other === name);
      expect(operation?.[1].success, name).toContain(success);
    }
  });

  it('can be read to its end', () => {
    for (const name of Object.keys(definition.definitions)) {
      for (const { type } of membersOf(name)) {
        if (type.type === 'object') expect(membersOf(type.definition), name).toBeDefined();
      }
    }
    expect(() => membersOf('Nonsense')).toThrow('The API definition has no "Nonsense".');
  });
});

describe('a request', () => {
  it.each<[string, string, unknown, string]>([
    [
      'a required member that is absent',
      'CreateCallRequest',
      { targets: [] },
      'The field callbackUri is required.',
    ],
    [
      'a required member that is empty',
      'AnswerCallRequest',
      { incomingCallContext: '' },
      'The field incomingCallContext is required.',
    ],
    [
      'a required member that is null',
      'AddParticipantRequest',
      { participantToAdd: null },
      'The field participantToAdd is required.',
    ],
    [
      'text where a number belongs',
      'AddParticipantRequest',
      { participantToAdd: CALLEE, invitationTimeoutInSeconds: '3' },
      'The field invitationTimeoutInSeconds must be a number.',
    ],
    [
      'a number out of bounds',
      'AddParticipantRequest',
      { participantToAdd: CALLEE, invitationTimeoutInSeconds: 181 },
      'The field invitationTimeoutInSeconds must be between 0 and 180, not 181.',
    ],
    [
      'a number where text belongs',
      'RejectCallRequest',
      { incomingCallContext: 1 },
      'The field incomingCallContext must be a string.',
    ],
    [
      'an unknown enum value',
      'RejectCallRequest',
      { incomingCallContext: 'x', callRejectReason: 'later' },
      'The field callRejectReason must be one of none, busy, forbidden, not "later".',
    ],
    [
      'an enum value that is no text',
      'RejectCallRequest',
      { incomingCallContext: 'x', callRejectReason: 3 },
      'The field callRejectReason must be a string.',
    ],
    [
      'an object where an array belongs',
      'MuteParticipantsRequest',
      { targetParticipants: CALLEE },
      'The field targetParticipants must be an array.',
    ],
    [
      'a member deep inside an array',
      'MuteParticipantsRequest',
      { targetParticipants: [CALLEE, { phoneNumber: {} }] },
      'The field targetParticipants[1].phoneNumber.value is required.',
    ],
    [
      'text where an object belongs',
      'AddParticipantRequest',
      { participantToAdd: 'x' },
      'The field participantToAdd must be an object.',
    ],
    [
      'text where true or false belongs',
      'PlayRequest',
      { playSources: [{ kind: 'file' }], interruptCallMediaOperation: 'yes' },
      'The field interruptCallMediaOperation must be true or false.',
    ],
    [
      'a header that is no text',
      'AddParticipantRequest',
      { participantToAdd: CALLEE, customCallingContext: { sipHeaders: { a: 1 } } },
      'The field customCallingContext.sipHeaders.a must be a string.',
    ],
    [
      'headers that are no object',
      'AddParticipantRequest',
      { participantToAdd: CALLEE, customCallingContext: { sipHeaders: [] } },
      'The field customCallingContext.sipHeaders must be an object.',
    ],
    ['no object at all', 'CreateCallRequest', [], 'The request body must be a JSON object.'],
  ])('with %s is named by its path and rule', (_, name, value, violation) => {
    expect(conformance(name, value, 'any').violation).toBe(violation);
  });

  it.each<[EnumCasing, boolean]>([
    ['any', true],
    ['exact', false],
  ])('compares enum values in casing "%s"', (casing, fits) => {
    const value = { incomingCallContext: 'x', callRejectReason: 'BUSY' };
    expect(conformance('RejectCallRequest', value, casing).violation === undefined).toBe(fits);
  });

  it('may have members that are not defined, which are listed', () => {
    const value = { targetParticipants: [{ ...CALLEE, shoe: 43 }], operationContext: null, size: 1 };
    expect(conformance('MuteParticipantsRequest', value, 'any')).toEqual({
      violation: undefined,
      unknown: ['targetParticipants[0].shoe', 'size'],
    });
  });

  it('may name the transport as earlier API versions did', () => {
    const options = { kind: 'websocket', audioChannelType: 'mixed' };
    expect(conformance('WebSocketMediaStreamingOptions', options, 'any')).toEqual({
      violation: undefined,
      unknown: [],
    });
    expect(
      conformance('WebSocketMediaStreamingOptions', { audioChannelType: 'mixed' }, 'any').violation,
    ).toBe('The field transportType is required.');
  });
});
