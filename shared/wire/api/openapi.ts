/** The OpenAPI 3.1 document of the HTTP API, made from the table of endpoints and their schemas. */
import * as z from 'zod';
import { WORKER_API } from '../names.ts';
import { type Endpoint, isMutation, parametersOf } from './endpoint.ts';
import { problemsOf } from './endpoint-problems.ts';
import { ENDPOINTS } from './endpoints.ts';
import { isPathParameter, PATH_PARAMETERS } from './parameter-schemas.ts';
import { PROBLEM_CONTENT_TYPE, PROBLEMS, type ProblemName, problemType } from './problem.ts';

type Json = Record<string, unknown>;

interface OpenApiDocument {
  readonly openapi: string;
  readonly [member: string]: unknown;
}

export function openApiDocument(): OpenApiDocument {
  const schemas = new SchemaCollection();
  schemas.add(problemSchema, 'output');
  const problems: Json = {};
  const paths: Record<string, Json> = {};
  for (const [operationId, endpoint] of Object.entries<Endpoint>(ENDPOINTS)) {
    const path = `/api/${endpoint.path}`;
    paths[path] = {
      ...paths[path],
      [endpoint.method.toLowerCase()]: operation(operationId, endpoint, schemas, problems),
    };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Trunkline calls',
      version: '1',
      description: 'The calls that this application answers and places: read them and control them.',
    },
    tags: [...new Set(Object.values<Endpoint>(ENDPOINTS).map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: { schemas: schemas.all, responses: problems, securitySchemes: SECURITY_SCHEMES },
  };
}

/** A problem document. Its type decides which further members it has. */
const problemSchema = z
  .looseObject({
    type: z.string().describe('`urn:trunkline:problem:` and the stable name of the problem.'),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    errors: z
      .array(
        z.union([
          z.object({ pointer: z.string(), detail: z.string() }),
          z.object({ parameter: z.string(), in: z.enum(['path', 'query', 'header']), detail: z.string() }),
        ]),
      )
      .optional()
      .describe('What is wrong with the request: up to 20 problems. `detail` says how many more there are.'),
  })
  .meta({ id: 'Problem' });

const SECURITY_SCHEMES = {
  functionKey: {
    type: 'apiKey',
    in: 'header',
    name: 'x-functions-key',
    description: 'A key of the function app, if API_AUTH is function-key.',
  },
  entra: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description:
      'An access token of Microsoft Entra ID with the role of the operation, if API_AUTH is entra.',
  },
  callToken: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: `The token of a worker, for its call only and while it is on it, at \`/api/${WORKER_API}/calls/{callId}/…\`. It reads only if the worker does not speak.`,
  },
};

/** One of them suffices. */
function securityOf({ path }: Endpoint): Json[] {
  const names = parametersOf(path).includes('callId')
    ? (['functionKey', 'entra', 'callToken'] as const)
    : (['functionKey', 'entra'] as const);
  return names.map((name) => ({ [name]: [] }));
}

function operation(operationId: string, endpoint: Endpoint, schemas: SchemaCollection, problems: Json): Json {
  return {
    operationId,
    tags: [endpoint.tag],
    summary: endpoint.summary,
    ...(endpoint.role === undefined
      ? { security: [] }
      : {
          description: `Requires the role \`${endpoint.role}\`.`,
          security: securityOf(endpoint),
        }),
    parameters: parameters(endpoint, schemas),
    ...(endpoint.body === undefined ? {} : { requestBody: requestBody(endpoint.body, schemas) }),
    responses: { ...answers(endpoint, schemas), ...failures(endpoint, problems) },
  };
}

function parameters(endpoint: Endpoint, schemas: SchemaCollection): Json[] {
  const inPath = parametersOf(endpoint.path).map((name) => {
    if (!isPathParameter(name)) throw new Error(`the path parameter ${name} is not described`);
    return parameter(name, 'path', PATH_PARAMETERS[name], schemas, 'input');
  });
  const inQuery = Object.entries<z.ZodType>(endpoint.query?.shape ?? {}).map(([name, schema]) =>
    parameter(name, 'query', schema, schemas, 'output'),
  );
  return [...inPath, ...inQuery, ...headerParameters(endpoint)];
}

function parameter(
  name: string,
  where: 'path' | 'query',
  schema: z.ZodType,
  schemas: SchemaCollection,
  io: 'input' | 'output',
): Json {
  const { description, ...rest } = schemas.add(schema, io);
  return {
    name,
    in: where,
    required: where === 'path' || !z.object({ [name]: schema }).safeParse({}).success,
    ...(description === undefined ? {} : { description }),
    schema: rest,
  };
}

function headerParameters(endpoint: Endpoint): Json[] {
  if (isMutation(endpoint))
    return [
      header(
        'Idempotency-Key',
        'Identifies this request. A repetition with the same key within a day gets the first answer and has no other effect.',
        { type: 'string', minLength: 1, maxLength: 255 },
      ),
    ];
  if (endpoint.answer.events === true)
    return [header('Last-Event-ID', 'The id of the last event received.', { type: 'string', maxLength: 32 })];
  return [
    header(
      'If-None-Match',
      'The ETag of an earlier answer. If nothing has changed since, the answer is 304.',
      {
        type: 'string',
      },
    ),
  ];
}

function header(name: string, description: string, schema: Json): Json {
  return { name, in: 'header', required: false, description, schema };
}

function requestBody(body: z.ZodType, schemas: SchemaCollection): Json {
  return {
    required: !body.safeParse({}).success,
    content: { 'application/json': { schema: schemas.add(body, 'input') } },
  };
}

function answers(endpoint: Endpoint, schemas: SchemaCollection): Json {
  const { status, description, schema, events } = endpoint.answer;
  const type = events === true ? 'text/event-stream' : 'application/json';
  const isCached = !isMutation(endpoint) && events !== true;
  return {
    [status]: {
      description,
      ...(isCached ? { headers: { ETag: { schema: { type: 'string' } } } } : {}),
      content: { [type]: { schema: schemas.add(schema, 'output') } },
    },
    ...(events === true
      ? { 204: { description: 'The call has ended, and the whole timeline was sent.' } }
      : {}),
    ...(isCached ? { 304: { description: 'Nothing has changed since the answer with this ETag.' } } : {}),
  };
}

/**
 * References to the problems that an operation may end with. The problems of a status are described once, in
 * `problems`.
 */
function failures(endpoint: Endpoint, problems: Json): Json {
  const all: Json = {};
  for (const [status, names] of byStatus(problemsOf(endpoint))) {
    const key = `${status}.${names.join('.')}`;
    problems[key] ??= problemResponse(status, names);
    all[status] = { $ref: `#/components/responses/${key}` };
  }
  return all;
}

function problemResponse(status: number, names: readonly ProblemName[]): Json {
  const narrowed = { type: { enum: names.map(problemType) }, status: { const: status } };
  return {
    description: names.map((name) => `\`${name}\`: ${PROBLEMS[name].title}`).join('; '),
    content: {
      [PROBLEM_CONTENT_TYPE]: {
        schema: { allOf: [{ $ref: '#/components/schemas/Problem' }, { properties: narrowed }] },
      },
    },
  };
}

function byStatus(names: readonly ProblemName[]): Map<number, ProblemName[]> {
  const groups = new Map<number, ProblemName[]>();
  for (const name of names) {
    const { status } = PROBLEMS[name];
    groups.set(status, [...(groups.get(status) ?? []), name].sort());
  }
  return groups;
}

/** Schemas as JSON Schema. Those with a name are kept in one place and referred to. */
class SchemaCollection {
  readonly #named = new Map<string, Json>();

  /** The schema, or a reference to it. @throws Error if one name would mean two schemas */
  add(schema: z.ZodType, io: 'input' | 'output'): Json {
    const converted: Json = {
      ...z.toJSONSchema(schema, { io, target: 'draft-2020-12', override: withoutSafeBounds }),
    };
    const { $schema: _, $defs = {}, '~standard': __, id, ...body } = withReferences(converted) as Json;
    for (const [name, definition] of Object.entries($defs as Record<string, Json>))
      this.#name(name, definition);
    if (typeof id !== 'string') return body;
    this.#name(id, body);
    return { $ref: `#/components/schemas/${id}` };
  }

  get all(): Json {
    return Object.fromEntries([...this.#named].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  #name(name: string, definition: Json): void {
    const { id: _, ...body } = definition;
    const known = this.#named.get(name);
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(body))
      throw new Error(`two schemas have the name ${name}`);
    this.#named.set(name, body);
  }
}

/** Every integer of JavaScript has these bounds, so they say nothing about the member. */
function withoutSafeBounds({ jsonSchema }: { readonly jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
}

function withReferences(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withReferences);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      key === '$ref' && typeof member === 'string'
        ? member.replace('#/$defs/', '#/components/schemas/')
        : withReferences(member),
    ]),
  );
}
