import type { Call } from '../call/call.ts';
import { phoneNumberOf } from '../telephones/identifiers.ts';

/** From this API version on, subscriptions are objects with a state; before it there is an id for each. */
const WITH_SUBSCRIPTION_STATES = '2024-06-15';

/**
 * `CallConnectionProperties` of a call that was answered or placed, with the members that recordings show for the
 * version. `asked`: of getCall; a subscription that there is not has no id then.
 */
export function callProperties(call: Call, apiVersion: string, asked = false): Record<string, unknown> {
  const { connection, ids } = call;
  return {
    callConnectionId: ids.callConnectionId,
    // A placed call has none before it is established.
    serverCallId: call.placed !== undefined && call.state === 'connecting' ? undefined : ids.serverCallId,
    ...parties(call),
    callConnectionState: connection?.transferring === true ? 'transferring' : call.state,
    callbackUri: connection?.answer.callbackUri,
    correlationId: ids.correlationId,
    answeredBy: connection?.answer.answeredBy,
    ...(apiVersion < WITH_SUBSCRIPTION_STATES ? subscriptionIds(call) : subscriptions(call, asked)),
  };
}

function subscriptionIds({ connection }: Call): Record<string, unknown> {
  return {
    mediaSubscriptionId: connection?.subscription?.id ?? connection?.unusedSubscriptionId,
    dataSubscriptionId: connection?.operations.transcription.subscriptionId,
  };
}

function subscriptions({ connection }: Call, asked: boolean): Record<string, unknown> {
  const media = connection?.subscription;
  const disabled = { state: 'disabled' };
  const withId = { id: connection?.unusedSubscriptionId, ...disabled, subscribedContentTypes: ['audio'] };
  const noTranscription = asked ? { ...disabled, subscribedResultTypes: [] } : undefined;
  return {
    mediaStreamingSubscription:
      media === undefined
        ? asked
          ? disabled
          : withId
        : { id: media.id, state: media.state, subscribedContentTypes: ['audio'] },
    transcriptionSubscription: connection?.operations.transcription.view ?? noTranscription,
  };
}

/** A number is answered by a user of the resource; the caller's number is shown as a name. */
function parties({ placed, from, to, reaches }: Call): Record<string, unknown> {
  if (placed === undefined) {
    const number = phoneNumberOf(from);
    return {
      source: from,
      targets: [reaches],
      sourceDisplayName: number?.startsWith('+') === true ? number : undefined,
      answeredFor: numberJson(phoneNumberOf(to)),
    };
  }
  const { targets, sourceCallerIdNumber, sourceDisplayName = '' } = placed;
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
