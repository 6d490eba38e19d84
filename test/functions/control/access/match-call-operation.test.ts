import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchCallOperation } from '../../../../functions/control/access/match-call-operation.ts';
import { type Endpoint, parametersOf } from '../../../../shared/wire/api/endpoint.ts';
import { ENDPOINTS } from '../../../../shared/wire/api/endpoints.ts';
import { CALL_ID } from '../../../support/calls.ts';

const all = Object.entries<Endpoint>(ENDPOINTS);
const onCalls = all.filter(([, { path }]) => parametersOf(path).includes('callId'));

describe('the operations on one call', () => {
  it.each(onCalls)('are found by method and path: %s', (id, { method, path }) => {
    const values = fc.record(
      Object.fromEntries(
        parametersOf(path).map((name) => [name, fc.string({ minLength: 1, unit: 'grapheme' })]),
      ),
    );
    fc.assert(
      fc.property(values, (params) => {
        const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
          encodeURIComponent(params[name] ?? ''),
        );
        expect(matchCallOperation(method, filled)).toEqual({ id, params });
      }),
      { numRuns: 20 },
    );
  });

  it('are the only ones that are found', () => {
    for (const [, { method, path }] of all.filter((each) => !onCalls.includes(each)))
      expect(matchCallOperation(method, path), path).toBeUndefined();
    for (const [method, path] of [
      ['POST', ''],
      ['POST', `calls/${CALL_ID}`],
      ['GET', `calls/${CALL_ID}/`],
      ['GET', `calls//${CALL_ID}`],
      ['GET', 'calls/'],
      ['get', `calls/${CALL_ID}`],
      ['PATCH', `calls/${CALL_ID}`],
      ['GET', `CALLS/${CALL_ID}`],
      ['GET', 'calls/%ff'],
      ['GET', 'calls/%'],
      ['POST', `calls/${CALL_ID}%2fhang-up`],
      ['POST', `calls/../calls/${CALL_ID}/hang-up`],
    ] as const)
      expect(matchCallOperation(method, path), `${method} ${path}`).toBeUndefined();
  });
});
