import type { Call } from '../call/call.ts';
import { phoneNumberOf } from '../telephones/identifiers.ts';

/** `CallConnectionProperties` of a call that was answered or placed. */
export function callProperties(call: Call): Record<string, unknown> {
  const { connection, ids } = call;
  const subscription = connection?.subscription;
  return {
    callConnectionId: ids.callConnectionId,
    serverCallId: ids.serverCallId,
    ...parties(call),
    callConnectionState: connection?.transferring === true ? 'transferring' : call.state,
    callbackUri: connection?.answer.callbackUri,
    correlationId: ids.correlationId,
    answeredBy: connection?.answer.answeredBy,
    mediaStreamingSubscription: subscription && {
      id: subscription.id,
      state: subscription.state,
      subscribedContentTypes: ['audio'],
    },
    transcriptionSubscription: connection?.operations.transcription.view,
  };
}

function parties({ placed, from, to }: Call): Record<string, unknown> {
  if (placed === undefined) {
    return {
      source: from,
      targets: [to],
      sourceCallerIdNumber: numberJson(phoneNumberOf(from)),
      answeredFor: numberJson(phoneNumberOf(to)),
    };
  }
  const { targets, sourceCallerIdNumber, sourceDisplayName } = placed;
  return {
    source: from,
    targets,
    sourceCallerIdNumber: numberJson(sourceCallerIdNumber),
    sourceDisplayName,
  };
}

function numberJson(value: string | undefined): { readonly value: string } | undefined {
  return value === undefined ? undefined : { value };
}
