/** What incoming and placed calls have in common: their route, the row made from it, and their media. */
import { parseTraceparent } from '../../../shared/base/traceparent.ts';
import type { RawId } from '../../../shared/call/party.ts';
import type { CallRoute } from '../../../shared/call/route.ts';
import { mediaPath } from '../../../shared/wire/names.ts';
import { sealTicket } from '../../../shared/wire/signed/ticket.ts';
import type { MediaStreaming } from '../call/acs-port.ts';
import type { Call, NewCall } from '../call/model.ts';
import { matchingRoutes, type RoutedCall } from '../call/routes.ts';
import type { ControlDeps, Log } from './deps.ts';

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
