import { app, type HttpFunctionOptions } from '@azure/functions';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { registerEndpoints } from '../../../../functions/control/triggers/register-endpoints.ts';
import { RouteTemplate } from '../../../../local/emulators/functions-host/functions/route-template.ts';
import { HttpRoutes } from '../../../../local/emulators/functions-host/http/route-table.ts';
import { type Endpoint, parametersOf } from '../../../../shared/wire/api/endpoint.ts';
import { ENDPOINTS } from '../../../../shared/wire/api/endpoints.ts';
import { CALL_ID } from '../../../support/calls.ts';

const all = Object.entries<Endpoint>(ENDPOINTS);
const onCalls = all.filter(([, { path }]) => parametersOf(path).includes('callId'));

let table: HttpRoutes;

beforeAll(() => {
  const http = new Map<string, HttpFunctionOptions>();
  vi.spyOn(app, 'http').mockImplementation((name, options) => void http.set(name, options));
  registerEndpoints(() => Promise.reject(new Error('nothing is served here')), 'function-key');
  table = new HttpRoutes(
    [...http].map(([name, { methods, route = name, authLevel = 'anonymous' }]) => ({
      name,
      authLevel,
      methods,
      route: new RouteTemplate(route),
    })) as unknown as ConstructorParameters<typeof HttpRoutes>[0],
  );
});

afterAll(() => {
  vi.restoreAllMocks();
});

function found(
  method: string,
  path: string,
): { readonly name: string; readonly params: unknown } | undefined {
  const match = table.find(method, `/worker/${path}`);
  return match && { name: match.target.name, params: match.values };
}

describe('the operations on one call', () => {
  it.each(onCalls)('are found by method and path at worker/…: %s', (id, { method, path }) => {
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
        // The host leaves an encoded slash as it is.
        const asTheHostGivesThem = Object.fromEntries(
          Object.entries(params).map(([name, value]) => [name, value.replaceAll('/', '%2F')]),
        );
        expect(found(method, filled)).toEqual({ name: `worker-${id}`, params: asTheHostGivesThem });
      }),
      { numRuns: 20 },
    );
  });

  it('are the only ones that are found there', () => {
    for (const [, { method, path }] of all.filter((each) => !onCalls.includes(each)))
      expect(found(method, path)?.name, path).toBe('workerApi');
    for (const [method, path] of [
      ['POST', ''],
      ['POST', `calls/${CALL_ID}`],
      ['GET', 'calls/'],
      ['POST', `calls/${CALL_ID}%2fhang-up`],
      ['POST', `calls/../calls/${CALL_ID}/hang-up`],
    ] as const)
      expect(found(method, path)?.name, `${method} ${path}`).toBe('workerApi');
    for (const method of ['get', 'PATCH'])
      expect(found(method, `calls/${CALL_ID}`), `${method} calls/{callId}`).toBeUndefined();
    expect(found('GET', `calls//${CALL_ID}`), 'the host takes no empty segment').toBeUndefined();
  });

  it('take what the host takes for the same path, and no other id than the one in it', () => {
    for (const path of [`calls/${CALL_ID}/`, `CALLS/${CALL_ID}`])
      expect(found('GET', path)).toEqual({ name: 'worker-getCall', params: { callId: CALL_ID } });
    for (const id of ['%ff', '%'])
      expect(found('GET', `calls/${id}`)).toEqual({ name: 'worker-getCall', params: { callId: id } });
  });
});
