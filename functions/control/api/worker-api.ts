import type { HttpHandler } from '@azure/functions';
import type { OperationId } from '../../../shared/wire/api/endpoints.ts';
import { WORKER_API } from '../../../shared/wire/names.ts';
import { matchCallOperation } from '../access/match-call-operation.ts';
import { httpFunction, ProblemError } from '../http/invocation.ts';
import type { ServeEndpoint } from './endpoint-handler.ts';

/**
 * The operations on one call at an address of their own, `/api/worker/calls/{callId}/…`, for those who have no function key but the token of
 * their call. The host lets everybody through; the app asks for the token, as it does wherever the host has asked for nothing.
 */
export function workerApi(serve: (id: OperationId) => ServeEndpoint): HttpHandler {
  return httpFunction(async (request, log) => {
    const { pathname } = new URL(request.url);
    const prefix = `/${WORKER_API}/`;
    const at = pathname.indexOf(prefix);
    const path = at < 0 ? '' : pathname.slice(at + prefix.length);
    const matched = matchCallOperation(request.method, path);
    if (matched === undefined)
      throw new ProblemError('operation-not-found', 'No operation on a call has this method and path.');
    return await serve(matched.id)(request, { params: matched.params, hostCheck: 'nothing', log });
  });
}
