/**
 * The event `Microsoft.Communication.IncomingCall` of Event Grid, in the Event Grid schema or as a CloudEvent. Names
 * and members are those of `@azure/eventgrid`, of which only the types are used: its code would add 282 kB to the
 * bundle for one comparison (decision 130).
 */
import type {
  AcsIncomingCallEventData,
  CloudEvent,
  CommunicationIdentifierModel,
  EventGridEvent,
  KnownSystemEventTypes,
} from '@azure/eventgrid';
import type { EventGridHandler } from '@azure/functions';
import * as z from 'zod';
import { type Party, telephoneRawId } from '../../../shared/call/party.ts';
import type { Headers } from '../../../shared/call/route.ts';
import type { LoadControlApp } from '../app.ts';
import { invocationLog } from '../http/invocation.ts';
import { type IncomingCall, receiveIncomingCall } from '../use-cases/receive-incoming-call.ts';

/**
 * Event Grid: one event for each invocation. If it throws, Event Grid delivers the event again. An event that cannot
 * be understood is acknowledged, since another delivery would not help.
 */
export function incomingCall(load: LoadControlApp): EventGridHandler<unknown> {
  return async (event, context) => {
    const log = invocationLog(context);
    const { deps } = await load();
    const parsed = parseGridEvent(event);
    switch (parsed.kind) {
      case 'incomingCall':
        await receiveIncomingCall(deps, parsed.call, log, context.traceContext?.traceParent ?? undefined);
        return;
      case 'other':
        log.info('Ignored an event of another type', { type: parsed.type });
        return;
      case 'malformed':
        log.error('Ignored a malformed event', { problem: parsed.problem });
        return;
    }
  };
}

const INCOMING_CALL = 'Microsoft.Communication.IncomingCall' satisfies KnownSystemEventTypes;

type GridEvent =
  | { readonly kind: 'incomingCall'; readonly call: IncomingCall }
  /** An event of another type: the subscription sends more than it has to. */
  | { readonly kind: 'other'; readonly type: string }
  /** `problem` names the members that are missing or wrong, without their values. */
  | { readonly kind: 'malformed'; readonly problem: string };

/** Schemas for some members of a type of the SDK. */
type MembersOf<T> = Partial<Record<T extends unknown ? keyof T : never, z.ZodType>>;

/** Longest id or number, in characters. */
const MAX_TEXT = 1_024;

/** A text that is not needed to answer: anything else counts as missing. */
const text = z.string().min(1).max(MAX_TEXT).optional().catch(undefined);

/** The raw id of an unknown party: one that ACS does not describe, or not in a form that we know. */
const UNKNOWN = 'unknown';

/** A caller or callee. Nobody stays unanswered because of how ACS describes them. */
const party = z
  .object({
    rawId: text,
    phoneNumber: z.object({ value: text }).catch({}),
    communicationUser: z.object({ id: text }).catch({}),
    microsoftTeamsUser: z
      .object({ userId: text, isAnonymous: z.boolean().optional().catch(undefined), cloud: text })
      .catch({}),
    microsoftTeamsApp: z.object({ appId: text, cloud: text }).catch({}),
  } satisfies MembersOf<CommunicationIdentifierModel>)
  .partial()
  .catch({})
  .transform(
    ({ rawId, phoneNumber, communicationUser, microsoftTeamsUser = {}, microsoftTeamsApp = {} }): Party => {
      const phone = phoneNumber?.value;
      const id =
        rawId ??
        communicationUser?.id ??
        (phone === undefined ? undefined : telephoneRawId(phone)) ??
        teamsUserRawId(microsoftTeamsUser) ??
        teamsAppRawId(microsoftTeamsApp) ??
        UNKNOWN;
      return { rawId: id, ...(phone === undefined ? {} : { phoneNumber: phone }) };
    },
  );

interface TeamsUser {
  readonly userId?: string | undefined;
  readonly isAnonymous?: boolean | undefined;
  readonly cloud?: string | undefined;
}

/** As the SDKs of ACS write it. */
function teamsUserRawId({ userId, isAnonymous, cloud }: TeamsUser): string | undefined {
  if (userId === undefined) return undefined;
  return isAnonymous === true ? `8:teamsvisitor:${userId}` : `8:${cloudPrefix(cloud)}:${userId}`;
}

interface TeamsApp {
  readonly appId?: string | undefined;
  readonly cloud?: string | undefined;
}

function teamsAppRawId({ appId, cloud }: TeamsApp): string | undefined {
  return appId === undefined ? undefined : `28:${cloudPrefix(cloud)}:${appId}`;
}

function cloudPrefix(cloud: string | undefined): string {
  return cloud === 'gcch' || cloud === 'dod' ? cloud : 'orgid';
}

/** Custom headers of a call that are read; further ones are ignored. */
const MAX_HEADERS = 64;

const headers = z
  .record(z.string(), z.unknown())
  .transform((entries): Headers => {
    const texts = Object.entries(entries).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    );
    return Object.fromEntries(texts.slice(0, MAX_HEADERS));
  })
  .catch({});

const customContext = z
  .object({ sipHeaders: headers, voipHeaders: headers })
  .catch({ sipHeaders: {}, voipHeaders: {} });

const data = z.object({
  incomingCallContext: z.string().min(1),
  from: party,
  to: party,
  serverCallId: text,
  correlationId: text,
  customContext,
} satisfies MembersOf<AcsIncomingCallEventData> & Record<'from' | 'to', z.ZodType>);

const envelope = z.object({
  id: text,
  eventType: text,
  type: text,
  eventTime: text,
  time: text,
  data: z.unknown(),
} satisfies MembersOf<EventGridEvent<unknown> | CloudEvent<unknown>>);

/** Longest type of an event that is logged, in characters. */
const MAX_TYPE = 128;

/** Reads one event. Never throws. */
export function parseGridEvent(value: unknown): GridEvent {
  const outer = envelope.safeParse(value);
  if (!outer.success) return { kind: 'malformed', problem: problemOf(outer.error, '') };
  const { id, eventType, type = eventType, eventTime, time = eventTime } = outer.data;
  if (type === undefined) return { kind: 'malformed', problem: 'neither eventType nor type is there' };
  if (type !== INCOMING_CALL) return { kind: 'other', type: type.slice(0, MAX_TYPE) };
  const inner = data.safeParse(outer.data.data);
  if (!inner.success) return { kind: 'malformed', problem: problemOf(inner.error, 'data') };
  const { incomingCallContext, from, to, serverCallId, correlationId, customContext: custom } = inner.data;
  const atMs = time === undefined ? Number.NaN : Date.parse(time);
  return {
    kind: 'incomingCall',
    call: {
      // Every delivery of the event gets the same id, so that it is entered once.
      eventId: id ?? INCOMING_CALL,
      incomingCallContext,
      from,
      to,
      ...custom,
      ...(Number.isNaN(atMs) ? {} : { atMs }),
      ...(serverCallId === undefined ? {} : { serverCallId }),
      ...(correlationId === undefined ? {} : { correlationId }),
    },
  };
}

function problemOf(error: z.ZodError, prefix: string): string {
  const names = error.issues.map((issue) => [prefix, ...issue.path.map(String)].filter(Boolean).join('.'));
  return `missing or not valid: ${[...new Set(names.map((name) => name || 'the event'))].join(', ')}`;
}
