import { PROBLEMS } from '../../../shared/wire/api/problem.ts';
import type { AcsCallError } from '../call/acs-port.ts';
import { acsProblemOfRinging, ProblemError, unknownCall } from '../http/invocation.ts';
import type { RefusedRequest, UnmetRequest } from '../use-cases/unmet-request.ts';

/** What to throw where something asked of a call comes to nothing; `http.ts` makes a problem of each. */
export function whyUnmet(outcome: UnmetRequest): ProblemError | AcsCallError {
  switch (outcome.kind) {
    case 'unknown call':
      return unknownCall();
    case 'refused':
      return refusal(outcome);
    case 'failed':
      return outcome.error;
  }
}

/** The same of what was to ring a telephone. */
export function whyNobodyRings(outcome: UnmetRequest): Error {
  return outcome.kind === 'failed' ? acsProblemOfRinging(outcome.error) : whyUnmet(outcome);
}

/** The problem of a request that the call's present state does not allow; it names that state. */
function refusal({ refusal: name, call }: Extract<RefusedRequest, { kind: 'refused' }>): ProblemError {
  const { phase, streaming } = call;
  return new ProblemError(
    name,
    `${PROBLEMS[name].title}: the call is ${phase}, its streaming ${streaming.state}.`,
    { callState: phase, streamingState: streaming.state },
  );
}
