import { type EventGridEvent, eventTime } from './event.ts';

/** A `CommunicationIdentifierModel` as JSON: `kind`, `rawId` and the member that the kind names. */
export type IdentifierJson = Readonly<Record<string, unknown>> & { readonly rawId: string };

/** What an IncomingCall says otherwise: members that stand in its `data`, and members that it lacks. */
export interface IncomingCallChanges {
  readonly data: Readonly<Record<string, unknown>>;
  readonly without: readonly string[];
}

interface IncomingCallEvent {
  readonly eventId: string;
  /** ARM path of the Communication Services resource. */
  readonly topic: string;
  readonly nowMs: number;
  readonly to: IdentifierJson;
  readonly from: IdentifierJson;
  readonly serverCallId: string;
  readonly callerDisplayName: string;
  /** Without either there is no `customContext`, as in recorded events of calls that brought no headers along. */
  readonly sipHeaders?: Readonly<Record<string, string>> | undefined;
  readonly voipHeaders?: Readonly<Record<string, string>> | undefined;
  /** For whom the callee takes the call, such as a queue that hands it on. */
  readonly onBehalfOfCallee?: IdentifierJson | undefined;
  readonly incomingCallContext: string;
  readonly correlationId: string;
  readonly changes?: IncomingCallChanges | undefined;
}

/** `Microsoft.Communication.IncomingCall` (Event Grid, "Voice and video calling events"). */
export function incomingCallEvent(call: IncomingCallEvent): EventGridEvent {
  const { sipHeaders, voipHeaders } = call;
  const hasContext = sipHeaders !== undefined || voipHeaders !== undefined;
  const data = {
    to: call.to,
    from: call.from,
    serverCallId: call.serverCallId,
    callerDisplayName: call.callerDisplayName,
    ...(hasContext
      ? { customContext: { sipHeaders: sipHeaders ?? {}, voipHeaders: voipHeaders ?? {} } }
      : {}),
    incomingCallContext: call.incomingCallContext,
    ...(call.onBehalfOfCallee === undefined ? {} : { onBehalfOfCallee: call.onBehalfOfCallee }),
    correlationId: call.correlationId,
    ...call.changes?.data,
  };
  return {
    id: call.eventId,
    topic: call.topic,
    subject: `/caller/${call.from.rawId}/recipient/${call.to.rawId}`,
    data: Object.fromEntries(
      Object.entries(data).filter(([name]) => call.changes?.without.includes(name) !== true),
    ),
    eventType: 'Microsoft.Communication.IncomingCall',
    dataVersion: '1.0',
    metadataVersion: '1',
    eventTime: eventTime(call.nowMs),
  };
}
