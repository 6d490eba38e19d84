import type { CallRoute } from '../../../shared/call/route.ts';
import { matchingRoutes, type RoutedCall } from '../call/routes.ts';
import type { ControlDeps } from './deps.ts';

/** A route that does something; one that leaves the call ringing is as good as none. */
export type ActingRoute = CallRoute & { readonly action: Exclude<CallRoute['action'], 'ring'> };

/**
 * The first route that is for a call and has room for it; undefined where there is none, or where it says to leave the call ringing.
 * Room is looked up before the call is stored: calls that come in at the same moment can exceed it by their number.
 * @param name Only this route, of those that match.
 * @throws CallStoreError
 */
export async function chooseRoute(
  deps: Pick<ControlDeps, 'routes' | 'store'>,
  call: RoutedCall,
  name?: string,
): Promise<ActingRoute | undefined> {
  for (const route of matchingRoutes(await deps.routes.current(), call)) {
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
