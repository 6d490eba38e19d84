import type { HttpHandler } from '@azure/functions';
import { answerCallAction } from './call-action.ts';
import type { LoadControlApp } from './control-app.ts';
import { httpFunction, readStreamingBody } from './http.ts';

export function startMediaStreaming(load: LoadControlApp): HttpHandler {
  return httpFunction(async (request, log) => {
    const body = await readStreamingBody(request);
    return await answerCallAction(await load(), request, { type: 'StartRequested', ...body }, log);
  });
}
