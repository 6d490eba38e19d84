import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { Endpoint } from '../../shared/wire/api/endpoint.ts';
import { problemsOf } from '../../shared/wire/api/endpoint-problems.ts';
import { ENDPOINTS } from '../../shared/wire/api/endpoints.ts';
import { openApiDocument } from '../../shared/wire/api/openapi.ts';
import { PROBLEMS } from '../../shared/wire/api/problem.ts';

const document = openApiDocument();

/** Every object of the document, with where it is. */
function* objectsOf(value: unknown, path = '#'): Generator<[string, Record<string, unknown>]> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield [path, value as Record<string, unknown>];
  for (const [key, member] of Object.entries(value))
    yield* objectsOf(member, `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`);
}

interface Operation {
  readonly operationId: string;
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Readonly<Record<string, unknown>>;
}

const operations = Object.entries(document['paths'] as Record<string, Record<string, Operation>>).flatMap(
  ([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

describe('the OpenAPI document', () => {
  it('is in docs/openapi.json as the app serves it (npm run openapi writes it)', async () => {
    const text = await readFile(new URL('../../docs/openapi.json', import.meta.url), 'utf8');
    expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(document)));
  });

  it('has every operation of the table, and no other', () => {
    expect(
      operations
        .map(({ path, method, operation }) => [operation.operationId, method.toUpperCase(), path])
        .sort(),
    ).toEqual(
      Object.entries<Endpoint>(ENDPOINTS)
        .map(([id, { method, path }]) => [id, method, `/api/${path}`])
        .sort(),
    );
  });

  it('describes every parameter of every path', () => {
    for (const { path, operation } of operations) {
      const inPath = operation.parameters.filter((parameter) => parameter.in === 'path');
      expect(
        inPath.map(({ name }) => name),
        path,
      ).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
    }
  });

  it('refers only to what it has', () => {
    const places = new Set([...objectsOf(document)].map(([path]) => path));
    const references = [...objectsOf(document)].flatMap(([, { $ref }]) =>
      typeof $ref === 'string' ? [$ref] : [],
    );
    expect(references.length).toBeGreaterThan(50);
    expect(references.filter((reference) => !places.has(reference))).toEqual([]);
  });

  it('lists the status of every problem with which an operation may end', () => {
    for (const { operation } of operations) {
      const endpoint: Endpoint = ENDPOINTS[operation.operationId as keyof typeof ENDPOINTS];
      for (const name of problemsOf(endpoint))
        expect(operation.responses, `${operation.operationId} ends with ${name}`).toHaveProperty(
          String(PROBLEMS[name].status),
        );
    }
  });

  it('has no problem in the catalogue with which nothing can end', () => {
    const used = new Set(Object.values<Endpoint>(ENDPOINTS).flatMap(problemsOf));
    // What an address that is no operation's is answered with, where workers ask.
    used.add('operation-not-found');
    // What a relay is answered at an address that is none of the API.
    used.add('handover-outdated');
    expect(Object.keys(PROBLEMS).filter((name) => !used.has(name as keyof typeof PROBLEMS))).toEqual([]);
  });
});
