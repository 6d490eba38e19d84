/** Decides who may stream a call to this relay. Checks everything before it accepts the WebSocket, and fails closed. */
import type { AcsTokenVerifier } from '../../shared/wire/acs/acs-token.ts';
import { CALL_ID_PATTERN } from '../../shared/wire/names.ts';
import { openTicket, type VerifiedTicket } from '../../shared/wire/signed/ticket.ts';
import { TokenError } from '../../shared/wire/signed/verify-signed.ts';
import { Refusal } from './refusal.ts';

/** Longest connection id and correlation id that go into reports and logs. */
const MAX_ID_CHARS = 128;
const ID_PATTERN = /^[\x21-\x7e]+$/;

interface UpgradeRequest {
  /** Path and query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface AdmissionRules {
  readonly ticketKeys: readonly string[];
  readonly tokenPolicy: 'require' | 'accept' | 'off';
  readonly tokens: AcsTokenVerifier;
}

export interface Admission {
  readonly ticket: VerifiedTicket;
  /** How long ago the control app sealed the ticket. */
  readonly ticketAgeMs: number;
  readonly callConnectionId: string;
  readonly correlationId: string | undefined;
}

/** The call of a media path, whatever its query; undefined when it is no media path. */
export function callIdOfMediaPath(url: string): string | undefined {
  const callId = /^\/media\/([^/?]+)(?:\?|$)/.exec(url)?.[1];
  return callId !== undefined && CALL_ID_PATTERN.test(callId) ? callId : undefined;
}

/**
 * Checks path, ticket, ACS token and the call connection's id, in this order.
 * @throws Refusal with 404, 401 or 400.
 */
export async function admit(
  request: UpgradeRequest,
  rules: AdmissionRules,
  nowMs: number,
): Promise<Admission> {
  const callId = callIdOfMediaPath(request.url);
  if (callId === undefined)
    throw new Refusal(404, 'media streams are served at /media/{callId}?ticket={ticket}');
  const ticket = await checkTicket(ticketOf(request.url), callId, rules.ticketKeys, nowMs);
  await checkToken(request.headers.authorization, rules, nowMs);
  const callConnectionId = idHeader(request, 'x-ms-call-connection-id');
  if (callConnectionId === undefined) {
    throw new Refusal(400, 'the header x-ms-call-connection-id is missing or not usable');
  }
  const correlationId = idHeader(request, 'x-ms-call-correlation-id');
  const ticketAgeMs = nowMs - ticket.issuedAtMs;
  return { ticket, ticketAgeMs, callConnectionId, correlationId };
}

function ticketOf(url: string): string {
  const tickets = new URLSearchParams(url.slice(url.indexOf('?') + 1)).getAll('ticket');
  const [token] = tickets;
  if (token === undefined || token === '') throw new Refusal(401, 'ticket refused: missing');
  if (tickets.length > 1) throw new Refusal(401, 'ticket refused: more than one');
  return token;
}

async function checkTicket(
  token: string,
  callId: string,
  keys: readonly string[],
  nowMs: number,
): Promise<VerifiedTicket> {
  try {
    return await openTicket(token, callId, keys, nowMs);
  } catch (cause) {
    if (cause instanceof TokenError) throw new Refusal(401, cause.message, { cause });
    throw cause;
  }
}

async function checkToken(
  header: string | string[] | undefined,
  { tokenPolicy, tokens }: AdmissionRules,
  nowMs: number,
): Promise<void> {
  const authorization = Array.isArray(header) ? header.join(',') : header;
  switch (tokenPolicy) {
    case 'off':
      return;
    case 'accept':
      if (authorization === undefined) return;
      break;
    case 'require':
      break;
  }
  try {
    await tokens.verify(authorization, nowMs);
  } catch (cause) {
    if (cause instanceof TokenError) throw new Refusal(401, cause.message, { cause });
    throw cause;
  }
}

function idHeader({ headers }: UpgradeRequest, name: string): string | undefined {
  const value = headers[name];
  const isUsable = typeof value === 'string' && value.length <= MAX_ID_CHARS && ID_PATTERN.test(value);
  return isUsable ? value : undefined;
}
