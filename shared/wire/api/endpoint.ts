import type * as z from 'zod';
import type { ProblemName } from './problem.ts';

/** What a caller must be allowed to do: look at calls, or act on them. */
export type Role = 'Calls.Read' | 'Calls.Control';

export interface EndpointAnswer {
  readonly status: 200 | 201 | 202;
  /** What the answer means, for people. */
  readonly description: string;
  /** One JSON document of this shape, or, with `events`, a stream of server-sent events whose data is of this shape. */
  readonly schema: z.ZodType;
  readonly events?: true;
}

/**
 * One operation of the HTTP API, as data. Registration, validation, authorisation, the OpenAPI document and the client are made of it,
 * so that none of them can say something else than the others.
 */
export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/api/`, with parameters in braces; each is described in `path-parameters.ts`. */
  readonly path: string;
  /** The group that it belongs to. */
  readonly tag: string;
  readonly summary: string;
  /** Absent: everybody may read it. */
  readonly role?: Role;
  readonly query?: z.ZodObject;
  /** The JSON body. Absent: there is none; a missing one counts as `{}` in either case. */
  readonly body?: z.ZodType;
  readonly answer: EndpointAnswer;
  /** Problems of this operation, besides those that any may end with (`endpoint-problems.ts`). */
  readonly problems: readonly ProblemName[];
}

export type EndpointTable = Readonly<Record<string, Endpoint>>;

/** Whether it does something, so that doing it twice must be avoided. */
export function isMutation({ method }: Pick<Endpoint, 'method'>): boolean {
  return method !== 'GET';
}

/** The names of a path's parameters, in their order. */
export function parametersOf(path: string): string[] {
  return [...path.matchAll(/\{([a-zA-Z]+)\}/g)].map(([, name]) => name ?? '');
}
