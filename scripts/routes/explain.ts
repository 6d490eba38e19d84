import { type RoutedCall, whyNot } from '../../functions/control/use-cases/set-up-call.ts';
import type { CallRoute } from '../../shared/call/route.ts';

/** What a route decides about a call. */
export interface RouteVerdict {
  readonly route: CallRoute;
  /**
   * `decides`: the first route that matches and has capacity left. `next`: would decide if an earlier route did not.
   */
  readonly verdict: 'decides' | 'next' | 'full' | 'no match';
  readonly why: string;
}

/** The verdict of every route, in order. `full` names the routes that count as having no capacity left. */
export function explainRoutes(
  routes: readonly CallRoute[],
  call: RoutedCall,
  full: ReadonlySet<string> = new Set(),
): readonly RouteVerdict[] {
  let isDecided = false;
  return routes.map((route): RouteVerdict => {
    const why = whyNot(route, call);
    if (why !== undefined) return { route, verdict: 'no match', why };
    if (full.has(route.name))
      return {
        route,
        verdict: 'full',
        why: `it is at its capacity of ${route.capacity ?? 'unlimited'} calls`,
      };
    if (isDecided) return { route, verdict: 'next', why: 'an earlier route decides' };
    isDecided = true;
    return { route, verdict: 'decides', why: whatItDoes(route) };
  });
}

/** What a route does with a call, in words. */
export function whatItDoes(route: CallRoute): string {
  switch (route.action) {
    case 'reject':
      return route.match.direction === 'outbound'
        ? 'forbids placing the call'
        : `rejects the call as ${route.rejectReason ?? 'forbidden'}`;
    case 'redirect':
      return `redirects the call to ${route.redirectTo}`;
    case 'ring':
      return 'leaves the call ringing';
    case 'answer':
      return `${route.match.direction === 'outbound' ? 'places' : 'answers'} the call: ${planInWords(route)}`;
  }
}

function planInWords({ plan, maxCallMs, capacity }: CallRoute): string {
  const workers = plan.workers.map(({ name, listen }) => `${name} (${listen.mode})`).join(', ');
  const parts = [
    plan.format,
    plan.channels,
    plan.startStreaming ? 'streams immediately' : 'streams on request',
    workers === '' ? 'no workers' : `workers ${workers}`,
  ];
  if (plan.dtmf) parts.push('with tones');
  if (maxCallMs !== undefined) parts.push(`at most ${maxCallMs / 60_000} minutes`);
  if (plan.idleMs !== undefined) parts.push(`ends after ${plan.idleMs / 1_000} s of silence`);
  if (capacity !== undefined) parts.push(`${capacity} calls at a time`);
  return parts.join(', ');
}
