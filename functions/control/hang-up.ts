import type { HttpHandler } from '@azure/functions';
import { answerCallAction } from './call-action.ts';
import type { LoadControlApp } from './control-app.ts';
import { httpFunction } from './http.ts';

/** Ends the call for everybody on it. Asking again is no error: the call may still be on its way out. */
export function hangUp(load: LoadControlApp): HttpHandler {
  return httpFunction(
    async (request, log) => await answerCallAction(await load(), request, { type: 'HangUpRequested' }, log),
  );
}
