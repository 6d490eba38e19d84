/** What incoming and placed calls have in common: their route, the row made from it, and their media. */
import { parseTraceparent } from '../../../shared/base/traceparent.ts';
import { type Party, type RawId, telephoneOf } from '../../../shared/call/party.ts';
import type { CallRoute, Headers } from '../../../shared/call/route.ts';
import type { CallDirection } from '../../../shared/call/states.ts';
import { isWithin } from '../../../shared/call/time-window.ts';
import { parseRoutes, RoutesError } from '../../../shared/wire/call/routes-schema.ts';
import { mediaPath, sealTicket } from '../../../shared/wire/signed/ticket.ts';
import type { MediaStreaming } from '../call/acs-port.ts';
import type { Call, NewCall } from '../call/model.ts';
import { CallStoreError } from '../call/stores.ts';
import type { ControlDeps, Log } from './deps.ts';

/** How old the routes may be when a call is answered: a change in the table takes effect this much later. */
const ROUTES_FRESH_MS = 5_000;

interface RouteBookOptions {
  /** The routes in the table as JSON text, or undefined if there are none. @throws CallStoreError */
  readonly read: () => Promise<string | undefined>;
  /** The routes of the app's settings, which are in force while the table has none. */
  readonly fallback: readonly CallRoute[];
  readonly now: () => number;
}

/**
 * The routes of the table, or else those of the settings. Invalid routes never replace valid ones, nor does a table
 * that does not answer: after a typo calls are answered by the previous routes.
 */
export class RouteBook {
  readonly #options: RouteBookOptions;
  #routes: readonly CallRoute[];
  #text: string | undefined;
  #freshUntilMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;

  constructor(options: RouteBookOptions) {
    this.#options = options;
    this.#routes = options.fallback;
  }

  /** The routes in force, in order of precedence. */
  async current(log: Pick<Log, 'warn'>): Promise<readonly CallRoute[]> {
    if (this.#options.now() >= this.#freshUntilMs) {
      this.#reading ??= this.#read(log).finally(() => {
        this.#reading = undefined;
      });
      await this.#reading;
    }
    return this.#routes;
  }

  async #read(log: Pick<Log, 'warn'>): Promise<void> {
    try {
      const text = await this.#options.read();
      // The same invalid text is reported once.
      if (text !== this.#text) {
        this.#text = text;
        this.#routes = text === undefined ? this.#options.fallback : parseRoutes(jsonOf(text));
      }
    } catch (error) {
      if (!(error instanceof RoutesError || error instanceof CallStoreError)) throw error;
      log.warn('The routes in the table cannot be used, so the previous routes stay in force', {
        why: error.message,
      });
    }
    this.#freshUntilMs = this.#options.now() + ROUTES_FRESH_MS;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new RoutesError(['the text in the table is not JSON']);
  }
}

/** What a route looks at to decide about a call. */
export interface RoutedCall {
  readonly callId: string;
  readonly direction: CallDirection;
  readonly from: Party;
  readonly to: Party;
  readonly sipHeaders: Headers;
  readonly voipHeaders: Headers;
  /** When the call came in, in milliseconds since the epoch. */
  readonly atMs: number;
}

/** Why a route does not match a call, in words that reveal nothing about the call; undefined if it matches. */
export function whyNot({ name, match }: CallRoute, call: RoutedCall): string | undefined {
  const { direction = 'inbound', from, to, sipHeaders = {}, voipHeaders = {}, time, percentage } = match;
  if (direction !== call.direction) return `it is for ${direction} calls`;
  if (!isParty(from, call.from)) return `the caller is not ${from}`;
  if (!isParty(to, call.to)) return `the callee is not ${to}`;
  const missing =
    missingHeader('SIP', sipHeaders, call.sipHeaders) ?? missingHeader('VoIP', voipHeaders, call.voipHeaders);
  if (missing !== undefined) return missing;
  if (time !== undefined && !isWithin(time, call.atMs)) return 'its time window does not cover the call';
  if (percentage !== undefined && percentileOf(call.callId, name) >= percentage)
    return `the call is not among its ${percentage} %`;
  return undefined;
}

/** The matching routes in their order. The first with capacity left decides. */
export function* matchingRoutes(routes: readonly CallRoute[], call: RoutedCall): Generator<CallRoute> {
  for (const route of routes) if (whyNot(route, call) === undefined) yield route;
}

function isParty(pattern: string | undefined, { rawId, phoneNumber }: Party): boolean {
  if (pattern === undefined) return true;
  const names = [rawId];
  if (phoneNumber !== undefined) names.push(phoneNumber);
  const number = telephoneOf(rawId);
  if (number !== undefined) names.push(number);
  return names.some((name) => fits(pattern, name));
}

function missingHeader(kind: string, wanted: Headers, present: Headers): string | undefined {
  for (const [name, pattern] of Object.entries(wanted)) {
    const values = Object.entries(present).filter(([key]) => key.toLowerCase() === name.toLowerCase());
    if (!values.some(([, value]) => fits(pattern, value)))
      return `its ${kind} header ${name} is not ${pattern}`;
  }
  return undefined;
}

function fits(pattern: string, text: string): boolean {
  return pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : text === pattern;
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * Where a call stands among a hundred, from 0 to just below 100: always the same for a call and a route, and
 * independent between routes. FNV-1a with the finalizer of MurmurHash3, since FNV alone spreads its last characters
 * badly.
 */
export function percentileOf(callId: string, route: string): number {
  let hash = FNV_OFFSET;
  for (const char of `${callId}/${route}`) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), FNV_PRIME);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32) * 100;
}

/** A route that acts on the call. One that leaves it ringing counts as no route. */
export type ActingRoute = CallRoute & { readonly action: Exclude<CallRoute['action'], 'ring'> };

/**
 * The first route that matches a call and has capacity left; undefined if there is none, or if it says to leave the
 * call ringing. Capacity is checked before the call is stored, so calls that arrive at the same moment can exceed it
 * by their number.
 * @param name considers only the route of this name
 * @throws CallStoreError
 */
export async function chooseRoute(
  deps: Pick<ControlDeps, 'routes' | 'store'>,
  call: RoutedCall,
  log: Log,
  name?: string,
): Promise<ActingRoute | undefined> {
  for (const route of matchingRoutes(await deps.routes.current(log), call)) {
    if (name !== undefined && route.name !== name) continue;
    if (route.capacity !== undefined) {
      const live = await deps.store.countLive(route.name, route.capacity);
      if (live >= route.capacity) continue;
    }
    return isActing(route) ? route : undefined;
  }
  return undefined;
}

function isActing(route: CallRoute): route is ActingRoute {
  return route.action !== 'ring';
}

/** The fields of a call that its route decides. */
export function callFieldsOf({
  name,
  plan,
  rejectReason,
  onStreamingFailed,
}: ActingRoute): Pick<NewCall, 'route' | 'plan' | 'rejectReason' | 'onStreamingFailed'> {
  return {
    route: name,
    plan,
    ...(rejectReason === undefined ? {} : { rejectReason }),
    ...(onStreamingFailed === undefined ? {} : { onStreamingFailed }),
  };
}

interface MediaRequest {
  readonly call: Call;
  /** The call's route, which has the address for its transcription. */
  readonly route: CallRoute | undefined;
  readonly from: RawId;
  readonly to: RawId;
}

/**
 * How ACS streams a call's audio: to the relay, with the plan in a ticket. `traceparent` is ignored if it is
 * malformed.
 */
export async function callMedia(
  { clock, publicBaseUrl, relayUrl, ticketKey }: ControlDeps,
  { call: { callId, direction, plan, expiresAtMs }, route, from, to }: MediaRequest,
  traceparent: string | undefined,
): Promise<MediaStreaming> {
  const isTraced = traceparent !== undefined && parseTraceparent(traceparent) !== undefined;
  const ticket = await sealTicket(
    {
      callId,
      from,
      to,
      plan,
      expiresAtMs,
      direction,
      controlUrl: publicBaseUrl,
      ...(isTraced ? { traceparent } : {}),
    },
    ticketKey,
    clock.now(),
  );
  const transcription = route?.transcription;
  return {
    transportUrl: `${relayUrl}${mediaPath(callId, ticket)}`,
    plan,
    ...(transcription === undefined ? {} : { transcription }),
  };
}

/** The address to which ACS posts the events of a call. */
export function callbackUrl({ publicBaseUrl }: Pick<ControlDeps, 'publicBaseUrl'>, callId: string): string {
  return `${publicBaseUrl}/api/callbacks/${callId}`;
}
