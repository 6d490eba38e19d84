import type { Call } from '../call/call.ts';
import type { ControlDeps, Log } from '../use-cases/deps.ts';
import { type CallAction, requestCallAction } from '../use-cases/request-call-action.ts';
import { whyUnmet } from './why-unmet.ts';

/**
 * Has something done with a call, and gives the call as it is then: ACS reports later that it has happened.
 * @throws ProblemError where there is no such call or its state does not allow it, AcsCallError where ACS does not do it.
 */
export async function acted(deps: ControlDeps, callId: string, action: CallAction, log: Log): Promise<Call> {
  const outcome = await requestCallAction(deps, callId, action, log);
  if (outcome.kind !== 'accepted') throw whyUnmet(outcome);
  return outcome.call;
}
