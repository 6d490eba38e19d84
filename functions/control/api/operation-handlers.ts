/** Everything that is asked about a connected call and of which a later event tells how it went. */
import type { CallOperation } from '../../../shared/call/operation.ts';
import type { AcceptedCallView } from '../../../shared/wire/api/call-schema.ts';
import type { ControlApp } from '../app.ts';
import { isTelephone } from '../call/outbound-destinations.ts';
import { ProblemError } from '../http/invocation.ts';
import type { Log } from '../use-cases/deps.ts';
import { listParticipants as participantsOf } from '../use-cases/list-participants.ts';
import { requestOperation } from '../use-cases/request-operation.ts';
import type { UnmetRequest } from '../use-cases/unmet-request.ts';
import { callView } from './call-view.ts';
import type { Serve } from './serve.ts';
import { whyNobodyRings, whyUnmet } from './why-unmet.ts';

export const transfer: Serve<'transfer'> = (request) =>
  operateOutbound(request, { type: 'transfer', ...request.body });

export const listParticipants: Serve<'listParticipants'> = async ({ app, params }) => {
  const outcome = await participantsOf(app.deps, params.callId);
  if (outcome.kind !== 'participants') throw whyUnmet(outcome);
  const participants = outcome.participants.map(({ rawId, muted, onHold }) => ({ rawId, muted, onHold }));
  return { content: { participants } };
};

export const addParticipant: Serve<'addParticipant'> = (request) =>
  operateOutbound(request, { type: 'addParticipant', ...request.body });

export const cancelAddParticipant: Serve<'cancelAddParticipant'> = (request) =>
  operate(request, { type: 'cancelAddParticipant', invitationId: request.params.invitationId });

export const removeParticipant: Serve<'removeParticipant'> = (request) =>
  operate(request, { type: 'removeParticipant', participant: request.params.participant });

export const muteParticipant: Serve<'muteParticipant'> = (request) =>
  operate(request, { type: 'muteParticipant', participant: request.params.participant });

export const unmuteParticipant: Serve<'unmuteParticipant'> = async () => {
  throw new ProblemError(
    'not-supported',
    'Not supported: unmuting. Azure Communication Services lets participants unmute only themselves.',
  );
};

export const holdParticipant: Serve<'holdParticipant'> = (request) =>
  operate(request, { type: 'hold', participant: request.params.participant, ...request.body });

export const unholdParticipant: Serve<'unholdParticipant'> = (request) =>
  operate(request, { type: 'unhold', participant: request.params.participant });

export const sendDtmf: Serve<'sendDtmf'> = (request) =>
  operate(request, { type: 'sendDtmf', ...request.body });

export const play: Serve<'play'> = (request) => operate(request, { type: 'play', ...request.body });

export const cancelPlay: Serve<'cancelPlay'> = (request) => operate(request, { type: 'cancelMedia' });

export const recognize: Serve<'recognize'> = (request) =>
  operate(request, { type: 'recognize', ...request.body });

export const startTranscription: Serve<'startTranscription'> = (request) =>
  operate(request, { type: 'startTranscription', ...request.body });

export const stopTranscription: Serve<'stopTranscription'> = (request) =>
  operate(request, { type: 'stopTranscription' });

export const startRecording: Serve<'startRecording'> = (request) =>
  operate(request, { type: 'startRecording', ...request.body });

export const pauseRecording: Serve<'pauseRecording'> = (request) =>
  operate(request, { type: 'pauseRecording' });

export const resumeRecording: Serve<'resumeRecording'> = (request) =>
  operate(request, { type: 'resumeRecording' });

export const stopRecording: Serve<'stopRecording'> = (request) => operate(request, { type: 'stopRecording' });

interface Operating {
  readonly app: ControlApp;
  readonly params: { readonly callId: string };
  readonly log: Log;
}

/** Somebody is to be called. Where that costs money it must be allowed, and is counted, unless the call can take no operation anyway. */
async function operateOutbound(
  operating: Operating,
  operation: Extract<CallOperation, { readonly target: string }>,
): Promise<{ content: AcceptedCallView }> {
  const { app, params } = operating;
  if (isTelephone(operation.target)) {
    app.outbound.requireAllowed(operation.target);
    const call = await app.deps.store.get(params.callId);
    if (call?.phase === 'connected') await app.outbound.spend();
  }
  return await operate(operating, operation, whyNobodyRings);
}

async function operate(
  { app, params, log }: Operating,
  operation: CallOperation,
  why: (outcome: UnmetRequest) => Error = whyUnmet,
): Promise<{ content: AcceptedCallView }> {
  const outcome = await requestOperation(app.deps, params.callId, operation, log);
  if (outcome.kind !== 'accepted') throw why(outcome);
  const { call, operationId: id, answer } = outcome;
  return { content: { ...callView(call), operation: { id, ...answer } } };
}
