import type { Call } from '../call/call.ts';
import { phoneNumberOf } from '../telephones/identifiers.ts';

/** `CallConnectionProperties` of a call that was answered or placed. */
export function callProperties(call: Call): Record<string, unknown> {
  const { connection, ids } = call;
  const subscription = connection?.subscription;
  const transcription = connection?.operations.transcription.view;
  return {
    callConnectionId: ids.callConnectionId,
    serverCallId: ids.serverCallId,
    ...parties(call),
    callConnectionState: connection?.transferring === true ? 'transferring' : call.state,
    callbackUri: connection?.answer.callbackUri,
    correlationId: ids.correlationId,
    ...(connection?.answer.answeredBy === undefined ? {} : { answeredBy: connection.answer.answeredBy }),
    ...(subscription === undefined
      ? {}
      : {
          mediaStreamingSubscription: {
            id: subscription.id,
            state: subscription.state,
            subscribedContentTypes: ['audio'],
          },
        }),
    ...(transcription === undefined ? {} : { transcriptionSubscription: transcription }),
  };
}

function parties({ placed, from, to }: Call): Record<string, unknown> {
  if (placed === undefined) {
    const callerNumber = phoneNumberOf(from);
    const calledNumber = phoneNumberOf(to);
    return {
      source: from,
      targets: [to],
      ...(callerNumber === undefined ? {} : { sourceCallerIdNumber: { value: callerNumber } }),
      ...(calledNumber === undefined ? {} : { answeredFor: { value: calledNumber } }),
    };
  }
  const { targets, sourceCallerIdNumber, sourceDisplayName } = placed;
  return {
    source: from,
    targets,
    ...(sourceCallerIdNumber === undefined ? {} : { sourceCallerIdNumber: { value: sourceCallerIdNumber } }),
    ...(sourceDisplayName === undefined ? {} : { sourceDisplayName }),
  };
}
