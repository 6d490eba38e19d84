import type { HttpHandler } from '@azure/functions';
import { ENDPOINTS } from '../../../shared/wire/api/endpoints.ts';
import type { HostCheck } from '../access/access.ts';
import { type LoadControlApp, loadForRequest } from '../app.ts';
import { callIdOfPath, httpHandler } from '../http/invocation.ts';
import { ProblemError } from '../http/problems.ts';

/**
 * Answers requests that name a participant in their path, as if there were such operations. Without a word of its own
 * they would only be unknown, and their number in the logs of hosts and proxies again and again.
 */
export function participantInPath(load: LoadControlApp, hostCheck: HostCheck): HttpHandler {
  return httpHandler(async (request, log) => {
    const { access } = await loadForRequest(load, hostCheck, log);
    const { headers } = request;
    await access.authorize(
      { headers, hostCheck, callId: callIdOfPath(request) },
      ENDPOINTS.removeParticipant,
    );
    const detail = 'belongs in the body: hosts and proxies log the addresses of requests';
    throw new ProblemError(
      'invalid-request',
      'Name the participant in the body, as in POST /api/calls/{callId}/participants/remove: ' +
        'hosts and proxies log the addresses of requests, so no number or id of a person may stand there.',
      { errors: [{ parameter: 'participant', in: 'path', detail }] },
    );
  });
}
