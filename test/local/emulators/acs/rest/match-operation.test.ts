import { describe, expect, it } from 'vitest';
import { matchOperation } from '../../../../../local/emulators/acs/rest/match-operation.ts';
import { OPERATIONS } from '../../../../../local/emulators/acs/rest-operations/operations.ts';

describe('the table of operations', () => {
  it('has the 34 operations of API version 2026-03-12 and one of previews, each reached by its own method and path', () => {
    expect(OPERATIONS).toHaveLength(34 + 1);
    for (const operation of OPERATIONS) {
      const path = operation.path.replace(/\{\w+\}/g, '4f0f7f1a-0000-4000-8000-000000000000');
      const match = matchOperation(operation.method, path);
      expect(match.type === 'found' && match.operation.name, `${operation.method} ${path}`).toBe(
        operation.name,
      );
    }
  });

  it('decodes the raw id of a participant', () => {
    const match = matchOperation('GET', '/calling/callConnections/abc/participants/4%3A%2B1999');
    expect(match.type === 'found' && [...match.path]).toEqual([
      ['callConnectionId', 'abc'],
      ['participantRawId', '4:+1999'],
    ]);
  });

  it('tells the other services of the resource from what is nowhere', () => {
    expect(matchOperation('POST', '/identities')).toEqual({ type: 'otherService' });
    expect(matchOperation('GET', '/chat/threads')).toEqual({ type: 'otherService' });
    expect(matchOperation('GET', '/identity')).toEqual({ type: 'notFound' });
  });

  it('tells an unknown path from a method that the path does not have', () => {
    expect(matchOperation('GET', '/calling/nothing')).toEqual({ type: 'notFound' });
    expect(matchOperation('GET', '/calling/callConnections/a%ZZ')).toEqual({ type: 'notFound' });
    expect(matchOperation('PUT', '/calling/callConnections/abc')).toEqual({
      type: 'methodNotAllowed',
      allowed: ['GET', 'DELETE'],
    });
  });
});
