import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import type { Call } from '../../shared/core/call.ts';
import { PROBLEMS } from '../../shared/protocol/problem.ts';
import { callView } from './call-view.ts';
import type { ControlApp } from './control-app.ts';
import { callIdOf, ProblemError, unknownCall } from './http.ts';
import type { Log } from './use-cases/deps.ts';
import { type CallAction, requestCallAction } from './use-cases/request-call-action.ts';

/** Asks for something to be done with the call of the path; 202 with the call, since ACS reports later that it has happened. */
export async function answerCallAction(
  { deps }: ControlApp,
  request: HttpRequest,
  action: CallAction,
  log: Log,
): Promise<HttpResponseInit> {
  const outcome = await requestCallAction(deps, callIdOf(request), action, log);
  switch (outcome.kind) {
    case 'accepted':
      return { status: 202, jsonBody: callView(outcome.call) };
    case 'unknown call':
      throw unknownCall();
    case 'refused':
      throw new ProblemError(
        outcome.refusal,
        `${PROBLEMS[outcome.refusal].title}: ${stateOf(outcome.call)}.`,
        { callState: outcome.call.phase, streamingState: outcome.call.streaming.state },
      );
    case 'failed':
      throw outcome.error;
  }
}

function stateOf({ phase, streaming }: Call): string {
  return `the call is ${phase}, its streaming ${streaming.state}`;
}
