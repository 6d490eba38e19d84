/** The types of an operation's parameters, body and answer, taken from its schemas. */
import type * as z from 'zod';
import type { ENDPOINTS, OperationId } from './endpoints.ts';

type Table = typeof ENDPOINTS;

type NamesIn<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | NamesIn<Rest>
  : never;

export type ParamsOf<Id extends OperationId> = Readonly<Record<NamesIn<Table[Id]['path']>, string>>;

/** For an operation without a schema. */
type Nothing = Readonly<Record<string, never>>;

/** The query as the operation reads it: checked, converted, with defaults. */
export type QueryOf<Id extends OperationId> = Table[Id] extends { query: infer Query extends z.ZodType }
  ? z.output<Query>
  : Nothing;

/** The query as a caller writes it. Numbers may be given as such. */
export type QueryInputOf<Id extends OperationId> = Table[Id] extends { query: infer Query extends z.ZodType }
  ? { readonly [Name in keyof z.input<Query>]: z.input<Query>[Name] | number }
  : Nothing;

/** The body as the operation reads it. */
export type BodyOf<Id extends OperationId> = Table[Id] extends { body: infer Body extends z.ZodType }
  ? z.output<Body>
  : Nothing;

/** The body as a caller writes it. Members with a default may be left out. */
export type BodyInputOf<Id extends OperationId> = Table[Id] extends { body: infer Body extends z.ZodType }
  ? z.input<Body>
  : Nothing;

export type AnswerOf<Id extends OperationId> = Table[Id]['answer'] extends {
  schema: infer Schema extends z.ZodType;
}
  ? z.output<Schema>
  : never;
