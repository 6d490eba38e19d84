/** Changes the workers of a live call, and sends them messages. */
import type { CallView } from '../../../shared/wire/api/call-schema.ts';
import type { CallControlMessage } from '../../../shared/wire/relay/call-control-messages.ts';
import { ProblemError, toProblem } from '../http/problems.ts';
import { sendToRelay } from '../use-cases/send-to-relay.ts';
import { callView } from './call-view.ts';
import type { HandlerRequest, Handlers } from './handler.ts';

export const workerHandlers = {
  attachWorker: (request) =>
    send(request, { type: 'attach', worker: { name: request.params.worker, ...request.body } }),

  detachWorker: (request) => send(request, { type: 'detach', worker: request.params.worker }),

  sendMessage: (request) => send(request, { type: 'message', ...request.body }),
} satisfies Partial<Handlers>;

type Sending = HandlerRequest<'attachWorker' | 'detachWorker' | 'sendMessage'>;

async function send(
  { app, params, log }: Pick<Sending, 'app' | 'log'> & { readonly params: { readonly callId: string } },
  message: CallControlMessage,
): Promise<{ content: CallView }> {
  const outcome = await sendToRelay(app.deps, params.callId, message, log);
  switch (outcome.kind) {
    case 'sent':
      return { content: callView(outcome.call) };
    case 'unknown call':
    case 'refused':
      throw toProblem(outcome);
    case 'not configured':
      throw new ProblemError(
        'not-supported',
        'Changing the workers of a live call requires the setting WEB_PUBSUB_CONNECTION_STRING of the control app.',
      );
    case 'failed':
      throw new ProblemError('web-pubsub-unavailable', 'Web PubSub did not accept the message.');
  }
}
