import type { HttpHandler, HttpRequest, HttpResponseInit } from '@azure/functions';
import { MAX_HANDOVER_CHARS } from '../../../shared/wire/relay/stream-handover.ts';
import type { LoadControlApp } from '../app.ts';
import { loadForUnauthenticated } from '../load-for-strangers.ts';
import { callIdOf, httpFunction, ProblemError } from '../http/invocation.ts';
import { proveRelay } from './prove-relay.ts';

/** JWE Compact Serialization (RFC 7516, section 7.1): five parts in base64url. */
const SEALED = /^[\w-]+\.[\w-]*\.[\w-]+\.[\w-]+\.[\w-]+$/;

/**
 * Keeps what one media stream of a call leaves for the next: `PUT` replaces it, `GET` answers it, or 204 where there is none. Its proof is the
 * ticket of that very call, and what is kept is sealed by the relays for each other.
 */
export function streamHandover(load: LoadControlApp): HttpHandler {
  return httpFunction(async (request, log) => {
    const app = await loadForUnauthenticated(load, log);
    await proveRelay(app, request);
    const callId = callIdOf(request);
    if (request.method === 'PUT') {
      await app.handovers.put(callId, await readSealed(request));
      return { status: 204 };
    }
    return answer(await app.handovers.get(callId));
  });
}

async function readSealed(request: HttpRequest): Promise<string> {
  const sealed = await request.text();
  if (sealed.length > MAX_HANDOVER_CHARS)
    throw new ProblemError('payload-too-large', `A handover has at most ${MAX_HANDOVER_CHARS} characters.`);
  if (!SEALED.test(sealed))
    throw new ProblemError('invalid-request', 'A handover is sealed: JWE in its compact form.');
  return sealed;
}

function answer(sealed: string | undefined): HttpResponseInit {
  const headers = { 'cache-control': 'no-store' };
  return sealed === undefined
    ? { status: 204, headers }
    : { status: 200, headers: { ...headers, 'content-type': 'application/jose' }, body: sealed };
}
