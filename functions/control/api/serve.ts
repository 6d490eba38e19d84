import type { HttpRequest } from '@azure/functions';
import type { AnswerOf, BodyOf, ParamsOf, QueryOf } from '../../../shared/wire/api/endpoint-types.ts';
import type { OperationId } from '../../../shared/wire/api/endpoints.ts';
import type { Caller } from '../access/access.ts';
import type { ControlApp } from '../app.ts';
import type { Log } from '../use-cases/deps.ts';

/** A request whose caller may make it and whose every part was checked. */
export interface ServeRequest<Id extends OperationId> {
  readonly app: ControlApp;
  readonly caller: Caller;
  readonly params: ParamsOf<Id>;
  readonly query: QueryOf<Id>;
  readonly body: BodyOf<Id>;
  /** For headers. */
  readonly request: HttpRequest;
  readonly log: Log;
}

export type Served<Answer> =
  | { readonly content: Answer; readonly headers?: Readonly<Record<string, string>> }
  /** Server-sent events, as text. */
  | { readonly events: AsyncIterable<string> }
  /** There is nothing to say. */
  | { readonly nothing: true };

/** What an operation does. Throws ProblemError, and the errors that `http.ts` makes problems of. */
export type Serve<Id extends OperationId> = (request: ServeRequest<Id>) => Promise<Served<AnswerOf<Id>>>;
