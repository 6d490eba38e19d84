import type * as z from 'zod';
import type { ProblemName } from './problem.ts';

/** What a caller may do: read calls, control them, or know what was said on them. */
export type Role = 'Calls.Read' | 'Calls.Control' | 'Calls.Listen';

interface EndpointAnswer {
  readonly status: 200 | 201 | 202;
  /** What the answer means, for people. */
  readonly description: string;
  /** One JSON document of this shape, or, with `events`, a stream of server-sent events whose data is of this shape. */
  readonly schema: z.ZodType;
  readonly events?: true;
}

/**
 * One operation of the HTTP API, as data. Registration, validation, authorization, the OpenAPI document and the
 * client are made from it, so that they cannot disagree.
 */
export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/api/`, with parameters in braces; `parameter-schemas.ts` describes each. */
  readonly path: string;
  /** The group that the operation belongs to. */
  readonly tag: string;
  readonly summary: string;
  /** Omit it if everybody may call the operation. */
  readonly role?: Role;
  readonly query?: z.ZodObject;
  /** The JSON body. Omit it if there is none. A missing body counts as `{}` in either case. */
  readonly body?: z.ZodType;
  readonly answer: EndpointAnswer;
  /** Problems of this operation, besides those of every operation of its kind (`endpoint-problems.ts`). */
  readonly problems: readonly ProblemName[];
}

export type EndpointTable = Readonly<Record<string, Endpoint>>;

/** Whether the operation changes something, so that it must not happen twice. */
export function isMutation({ method }: Pick<Endpoint, 'method'>): boolean {
  return method !== 'GET';
}

/** The names of a path's parameters, in their order. */
export function parametersOf(path: string): string[] {
  return [...path.matchAll(/\{([a-zA-Z]+)\}/g)].map(([, name]) => name ?? '');
}
