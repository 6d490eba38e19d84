/** The types of the client's methods, taken from the table of operations. */
import type { AnswerOf, BodyInputOf, QueryInputOf } from '../wire/api/endpoint-types.ts';
import type { ENDPOINTS, OperationId } from '../wire/api/endpoints.ts';

type Table = typeof ENDPOINTS;

/** One string for each parameter of the path, in their order. */
type PathArguments<Path extends string> = Path extends `${string}{${string}}${infer Rest}`
  ? [string, ...PathArguments<Rest>]
  : [];

/** What a request carries: its body, or the query of a request without one. Optional if all of its members are. */
type ContentArguments<Id extends OperationId> = Table[Id] extends { body: unknown }
  ? Partial<BodyInputOf<Id>> extends BodyInputOf<Id>
    ? [body?: BodyInputOf<Id>]
    : [body: BodyInputOf<Id>]
  : Table[Id] extends { query: unknown }
    ? [query?: QueryInputOf<Id>]
    : [];

export interface RequestOptions {
  /** Requests with the same key act once, however often they are sent. Defaults to a new key. */
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
}

export type Method<Id extends OperationId> = (
  ...args: [
    ...path: PathArguments<Table[Id]['path']>,
    ...content: ContentArguments<Id>,
    options?: RequestOptions,
  ]
) => Promise<AnswerOf<Id>>;
