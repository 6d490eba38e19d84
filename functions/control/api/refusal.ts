import type { Call, CallRefusal } from '../../../shared/core/call.ts';
import { PROBLEMS } from '../../../shared/protocol/problem.ts';
import { ProblemError } from '../http.ts';

/** The problem of a request that the call's present state does not allow; it names that state. */
export function refusal({ refusal: name, call }: { refusal: CallRefusal; call: Call }): ProblemError {
  const { phase, streaming } = call;
  return new ProblemError(
    name,
    `${PROBLEMS[name].title}: the call is ${phase}, its streaming ${streaming.state}.`,
    { callState: phase, streamingState: streaming.state },
  );
}
