import type { Call } from '../call/call.ts';
import { phoneNumberOf } from '../call/identifiers.ts';

/** `CallConnectionProperties` of an answered call. */
export function callProperties(call: Call): Record<string, unknown> {
  const { connection, from, to, ids } = call;
  const callerNumber = phoneNumberOf(from);
  const calledNumber = phoneNumberOf(to);
  const subscription = connection?.subscription;
  return {
    callConnectionId: ids.callConnectionId,
    serverCallId: ids.serverCallId,
    source: from,
    targets: [to],
    callConnectionState: call.state,
    callbackUri: connection?.answer.callbackUri,
    correlationId: ids.correlationId,
    ...(callerNumber === undefined ? {} : { sourceCallerIdNumber: { value: callerNumber } }),
    ...(calledNumber === undefined ? {} : { answeredFor: { value: calledNumber } }),
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
  };
}
