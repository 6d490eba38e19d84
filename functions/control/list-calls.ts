import type { HttpHandler } from '@azure/functions';
import { callView } from './call-view.ts';
import type { LoadControlApp } from './control-app.ts';
import { httpFunction, ProblemError } from './http.ts';

const LIMIT = { default: 100, max: 1_000 } as const;

/** Calls that have not ended, the newest first. `?limit=` bounds them; `truncated` says that there are more. */
export function listCalls(load: LoadControlApp): HttpHandler {
  return httpFunction(async (request) => {
    const limit = limitOf(request.query.get('limit'));
    const { deps } = await load();
    const calls = await deps.store.listLive(limit + 1);
    return {
      status: 200,
      jsonBody: { calls: calls.slice(0, limit).map(callView), truncated: calls.length > limit },
    };
  });
}

function limitOf(text: string | null): number {
  if (text === null) return LIMIT.default;
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= LIMIT.max) return limit;
  throw new ProblemError(
    'invalid-request',
    `The query parameter limit must be a whole number from 1 to ${LIMIT.max}.`,
  );
}
