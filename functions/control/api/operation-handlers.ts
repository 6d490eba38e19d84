/** Operations on a connected call whose result comes with a later event. */

import type { CallOperation } from '../../../shared/call/operation.ts';
import type { AcceptedCallView } from '../../../shared/wire/api/call-schema.ts';
import { budgetSpent } from '../access/outbound-guard.ts';
import type { ControlApp } from '../app.ts';
import { spendOne } from '../call/hourly-budget.ts';
import { type Call, maskParty } from '../call/model.ts';
import { ProblemError, toProblem, toRingingProblem } from '../http/problems.ts';
import type { Log } from '../use-cases/deps.ts';
import { listParticipants } from '../use-cases/list-participants.ts';
import type { OutboundBudget } from '../use-cases/outbound-budget.ts';
import { type RequestFailure, requestOperation } from '../use-cases/request-call-action.ts';
import { callView } from './call-view.ts';
import type { Handlers } from './handler.ts';

export const operationHandlers = {
  transfer: (request) => operateOutbound(request, { type: 'transfer', ...request.body }),

  /** Only those who may act on participants need their whole ids. */
  listParticipants: async ({ app, caller, params }) => {
    const outcome = await listParticipants(app.deps, params.callId);
    if (outcome.kind !== 'participants') throw toProblem(outcome);
    const participants = outcome.participants.map(({ rawId, muted, onHold }) => ({
      rawId: caller.mayAct ? rawId : maskParty(rawId),
      muted,
      onHold,
    }));
    return { content: { participants } };
  },

  addParticipant: (request) => operateOutbound(request, { type: 'addParticipant', ...request.body }),

  cancelAddParticipant: (request) =>
    operate(request, { type: 'cancelAddParticipant', invitationId: request.params.invitationId }),

  removeParticipant: (request) => operate(request, { type: 'removeParticipant', ...request.body }),

  muteParticipant: (request) => operate(request, { type: 'muteParticipant', ...request.body }),

  unmuteParticipant: async () => {
    throw new ProblemError(
      'not-supported',
      'Azure Communication Services lets participants unmute only themselves.',
    );
  },

  holdParticipant: (request) => operate(request, { type: 'hold', ...request.body }),

  unholdParticipant: (request) => operate(request, { type: 'unhold', ...request.body }),

  sendDtmf: (request) => operate(request, { type: 'sendDtmf', ...request.body }),

  play: (request) => operate(request, { type: 'play', ...request.body }),

  cancelPlay: (request) => operate(request, { type: 'cancelMedia' }),

  recognize: (request) => operate(request, { type: 'recognize', ...request.body }),

  startTranscription: (request) => operate(request, { type: 'startTranscription', ...request.body }),

  stopTranscription: (request) => operate(request, { type: 'stopTranscription' }),

  startRecording: (request) => operate(request, { type: 'startRecording', ...request.body }),

  pauseRecording: (request) => operate(request, { type: 'pauseRecording' }),

  resumeRecording: (request) => operate(request, { type: 'resumeRecording' }),

  stopRecording: (request) => operate(request, { type: 'stopRecording' }),
} satisfies Partial<Handlers>;

interface Operating {
  readonly app: ControlApp;
  readonly params: { readonly callId: string };
  readonly log: Log;
}

/**
 * An operation that calls somebody: by telephone, in an app of ACS or in Teams. The destination must be allowed, and
 * it is counted once the state of this call allows the operation.
 */
async function operateOutbound(
  operating: Operating,
  operation: Extract<CallOperation, { readonly target: string }>,
): Promise<{ content: AcceptedCallView }> {
  const { outbound, deps } = operating.app;
  outbound.requireAllowed(operation.target);
  const problemOf = (failure: RequestFailure): ProblemError =>
    failure.kind === 'refused' && failure.refusal === 'outbound-budget-spent'
      ? shareSpent(failure.call, outbound.sharePerHour, deps.clock.now())
      : toRingingProblem(failure);
  return await operate(operating, operation, { problemOf, budget: outbound });
}

function shareSpent({ outbound = [] }: Call, sharePerHour: number, nowMs: number): ProblemError {
  const spending = spendOne(outbound, sharePerHour, nowMs);
  return budgetSpent(
    `One call may use a tenth of OUTBOUND_CALLS_PER_HOUR, and this one has: ${sharePerHour} in an hour.`,
    spending.kind === 'refused' ? spending.retryAfterMs : 0,
  );
}

interface Manner {
  /** Defaults to `toProblem`. */
  readonly problemOf?: (failure: RequestFailure) => ProblemError;
  /** See `requestOperation`. */
  readonly budget?: OutboundBudget;
}

async function operate(
  { app, params, log }: Operating,
  operation: CallOperation,
  { problemOf = toProblem, budget }: Manner = {},
): Promise<{ content: AcceptedCallView }> {
  const outcome = await requestOperation(app.deps, params.callId, operation, log, budget);
  if (outcome.kind !== 'accepted') throw problemOf(outcome);
  const { call, operationId: id, answer } = outcome;
  return { content: { ...callView(call), operation: { id, ...answer } } };
}
