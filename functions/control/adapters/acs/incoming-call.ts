/** The event `Microsoft.Communication.IncomingCall` of Event Grid, in the Event Grid schema or as a CloudEvent. */
import * as z from 'zod';
import { type Party, telephoneRawId } from '../../../../shared/call/party.ts';
import type { Headers } from '../../../../shared/call/route.ts';

const INCOMING_CALL = 'Microsoft.Communication.IncomingCall';

export interface IncomingCall {
  readonly eventId: string;
  /** When the call came in, in milliseconds since the epoch; absent where the event does not say. */
  readonly atMs?: number;
  /** What ACS names the call by until it is answered: opaque, secret, up to some kilobytes. */
  readonly incomingCallContext: string;
  readonly from: Party;
  readonly to: Party;
  readonly serverCallId?: string;
  readonly correlationId?: string;
  /** Custom headers that came with the call. They may hold anything, so they are written nowhere. */
  readonly sipHeaders: Headers;
  readonly voipHeaders: Headers;
}

export type GridEvent =
  | { readonly kind: 'incomingCall'; readonly call: IncomingCall }
  /** An event of another type, which the subscription need not have sent. */
  | { readonly kind: 'other'; readonly type: string }
  /** Not understood. `problem` names members, not their values. */
  | { readonly kind: 'malformed'; readonly problem: string };

const party = z
  .object({
    rawId: z.string().min(1).optional(),
    phoneNumber: z.object({ value: z.string().min(1) }).optional(),
    communicationUser: z.object({ id: z.string().min(1) }).optional(),
  })
  .transform(({ rawId, phoneNumber, communicationUser }, context): Party => {
    const phone = phoneNumber?.value;
    const id = rawId ?? communicationUser?.id ?? (phone === undefined ? undefined : telephoneRawId(phone));
    if (id !== undefined) return { rawId: id, ...(phone === undefined ? {} : { phoneNumber: phone }) };
    context.addIssue('has neither rawId nor phoneNumber nor communicationUser');
    return z.NEVER;
  });

/** Headers of a call that are read at most; of more, the rest is left out. */
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
  serverCallId: z.string().optional().catch(undefined),
  correlationId: z.string().optional().catch(undefined),
  customContext,
});

const envelope = z.object({
  id: z.string().min(1),
  eventType: z.string().optional(),
  type: z.string().optional(),
  eventTime: z.string().optional(),
  time: z.string().optional(),
  data: z.unknown(),
});

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
      eventId: id,
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
