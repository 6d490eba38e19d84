/** Operations on a connected call whose result comes with a later event. */
import type { CallOperation } from '../../../shared/call/operation.ts';
import type { AcceptedCallView } from '../../../shared/wire/api/call-schema.ts';
import type { ControlApp } from '../app.ts';
import { ProblemError, toProblem, toRingingProblem } from '../http/problems.ts';
import type { Log } from '../use-cases/deps.ts';
import { listParticipants as participantsOf } from '../use-cases/list-participants.ts';
import { type RequestFailure, requestOperation } from '../use-cases/request-call-action.ts';
import { callView } from './call-view.ts';
import type { Handler } from './handler.ts';

export const transfer: Handler<'transfer'> = (request) =>
  operateOutbound(request, { type: 'transfer', ...request.body });

export const listParticipants: Handler<'listParticipants'> = async ({ app, params }) => {
  const outcome = await participantsOf(app.deps, params.callId);
  if (outcome.kind !== 'participants') throw toProblem(outcome);
  const participants = outcome.participants.map(({ rawId, muted, onHold }) => ({ rawId, muted, onHold }));
  return { content: { participants } };
};

export const addParticipant: Handler<'addParticipant'> = (request) =>
  operateOutbound(request, { type: 'addParticipant', ...request.body });

export const cancelAddParticipant: Handler<'cancelAddParticipant'> = (request) =>
  operate(request, { type: 'cancelAddParticipant', invitationId: request.params.invitationId });

export const removeParticipant: Handler<'removeParticipant'> = (request) =>
  operate(request, { type: 'removeParticipant', participant: request.params.participant });

export const muteParticipant: Handler<'muteParticipant'> = (request) =>
  operate(request, { type: 'muteParticipant', participant: request.params.participant });

export const unmuteParticipant: Handler<'unmuteParticipant'> = async () => {
  throw new ProblemError(
    'not-supported',
    'Azure Communication Services lets participants unmute only themselves.',
  );
};

export const holdParticipant: Handler<'holdParticipant'> = (request) =>
  operate(request, { type: 'hold', participant: request.params.participant, ...request.body });

export const unholdParticipant: Handler<'unholdParticipant'> = (request) =>
  operate(request, { type: 'unhold', participant: request.params.participant });

export const sendDtmf: Handler<'sendDtmf'> = (request) =>
  operate(request, { type: 'sendDtmf', ...request.body });

export const play: Handler<'play'> = (request) => operate(request, { type: 'play', ...request.body });

export const cancelPlay: Handler<'cancelPlay'> = (request) => operate(request, { type: 'cancelMedia' });

export const recognize: Handler<'recognize'> = (request) =>
  operate(request, { type: 'recognize', ...request.body });

export const startTranscription: Handler<'startTranscription'> = (request) =>
  operate(request, { type: 'startTranscription', ...request.body });

export const stopTranscription: Handler<'stopTranscription'> = (request) =>
  operate(request, { type: 'stopTranscription' });

export const startRecording: Handler<'startRecording'> = (request) =>
  operate(request, { type: 'startRecording', ...request.body });

export const pauseRecording: Handler<'pauseRecording'> = (request) =>
  operate(request, { type: 'pauseRecording' });

export const resumeRecording: Handler<'resumeRecording'> = (request) =>
  operate(request, { type: 'resumeRecording' });

export const stopRecording: Handler<'stopRecording'> = (request) =>
  operate(request, { type: 'stopRecording' });

interface Operating {
  readonly app: ControlApp;
  readonly params: { readonly callId: string };
  readonly log: Log;
}

/**
 * An operation that calls somebody: by telephone, in an app of ACS or in Teams. The destination must be allowed, and
 * the call is counted once the state of this call allows the operation.
 */
async function operateOutbound(
  operating: Operating,
  operation: Extract<CallOperation, { readonly target: string }>,
): Promise<{ content: AcceptedCallView }> {
  const { outbound } = operating.app;
  outbound.requireAllowed(operation.target);
  return await operate(operating, operation, { problemOf: toRingingProblem, admit: () => outbound.spend() });
}

interface Manner {
  /** Defaults to `toProblem`. */
  readonly problemOf?: (failure: RequestFailure) => ProblemError;
  /** See `requestOperation`. */
  readonly admit?: () => Promise<void>;
}

async function operate(
  { app, params, log }: Operating,
  operation: CallOperation,
  { problemOf = toProblem, admit }: Manner = {},
): Promise<{ content: AcceptedCallView }> {
  const outcome = await requestOperation(app.deps, params.callId, operation, log, admit);
  if (outcome.kind !== 'accepted') throw problemOf(outcome);
  const { call, operationId: id, answer } = outcome;
  return { content: { ...callView(call), operation: { id, ...answer } } };
}
