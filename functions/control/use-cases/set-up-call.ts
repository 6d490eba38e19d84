import { parseTraceparent } from '../../../shared/base/traceparent.ts';
import type { CallRoute } from '../../../shared/call/route.ts';
import { mediaPath } from '../../../shared/wire/names.ts';
import { signTicket } from '../../../shared/wire/signed/ticket.ts';
import type { MediaStreaming } from '../call/acs-port.ts';
import type { Call } from '../call/call.ts';
import type { ControlDeps } from './deps.ts';

/** Who is on the call, as the relay tells the workers: raw ids. */
export interface CallEnds {
  readonly from: string;
  readonly to: string;
}

/** How ACS is to stream a call's audio: to the relay, with the plan in a ticket. */
export async function callMedia(
  deps: Pick<ControlDeps, 'clock' | 'publicBaseUrl' | 'relayUrl' | 'ticketKey' | 'routes'>,
  { callId, direction, plan, expiresAtMs, route: name }: Call,
  { from, to }: CallEnds,
  traceparent: string | undefined,
): Promise<MediaStreaming> {
  const isTraced = traceparent !== undefined && parseTraceparent(traceparent) !== undefined;
  const ticket = await signTicket(
    {
      callId,
      from,
      to,
      plan,
      expiresAtMs,
      direction,
      controlUrl: deps.publicBaseUrl,
      ...(isTraced ? { traceparent } : {}),
    },
    deps.ticketKey,
    deps.clock.now(),
  );
  // An address is not kept with the call, so its route says it.
  const { transcription } = (await findRoute(deps, name)) ?? {};
  return {
    transportUrl: `${deps.relayUrl}${mediaPath(callId, ticket)}`,
    plan,
    ...(transcription === undefined ? {} : { transcription }),
  };
}

/** The route of this name, as it is now. */
export async function findRoute(
  { routes }: Pick<ControlDeps, 'routes'>,
  name: string,
): Promise<CallRoute | undefined> {
  return (await routes.current()).find((route) => route.name === name);
}

/** Where ACS tells what happens to a call. */
export function callbackUrl({ publicBaseUrl }: Pick<ControlDeps, 'publicBaseUrl'>, callId: string): string {
  return `${publicBaseUrl}/api/callbacks/${callId}`;
}
