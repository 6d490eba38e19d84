import { isAllowed } from '../../functions/control/access/outbound-guard.ts';
import { type RoutedCall, whyNot } from '../../functions/control/use-cases/set-up-call.ts';
import { bargeInOf, WORKER_PRIORITY, type WorkerPlan } from '../../shared/call/plan.ts';
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
    if (why !== undefined)
      return { route, verdict: 'no match', why: why + localTimeOf(why, route, call.atMs) };
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
  const workers = plan.workers.map(workerInWords).join(', ');
  const parts = [
    plan.format,
    plan.channels,
    plan.startStreaming ? 'streams immediately' : 'streams on request',
    workers === '' ? 'no workers' : `workers ${workers}`,
  ];
  if (plan.dtmf) parts.push('with tones');
  if (maxCallMs !== undefined) parts.push(`at most ${maxCallMs / 60_000} minutes`);
  if (plan.idleMs !== undefined) parts.push(`ends after ${plan.idleMs / 1_000} s of silence`);
  if (plan.storeTranscripts) parts.push('stores transcripts');
  if (capacity !== undefined) parts.push(`${capacity} calls at a time`);
  return parts.join(', ');
}

/** How the worker hears and speaks; what is the default goes without saying, but for barge-in. */
function workerInWords(worker: WorkerPlan): string {
  const { name, listen, codec = 'pcm16', speaks = true, priority = WORKER_PRIORITY.default } = worker;
  const bargeIn = bargeInOf(worker);
  const parts: string[] = [listen.mode];
  if (!speaks) parts.push('only listens');
  else parts.push(`barge-in ${bargeIn.policy}`);
  if (codec !== 'pcm16') parts.push(codec);
  if (priority !== WORKER_PRIORITY.default) parts.push(`priority ${priority}`);
  return `${name} (${parts.join(', ')})`;
}

/** ` (in UTC it is Sun 23:30)`, where the time is why a route does not match. */
function localTimeOf(why: string, { match: { time } }: CallRoute, atMs: number): string {
  if (time === undefined || !why.includes('time window')) return '';
  const local = new Intl.DateTimeFormat('en-GB', {
    timeZone: time.timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
  }).format(atMs);
  return ` (in ${time.timeZone} it is ${local})`;
}

/**
 * A line for a call that a route would place, and the settings do not allow.
 * @param allowed the setting OUTBOUND_ALLOWED; undefined where nobody knows it
 */
export function whyNotPlaced(
  { direction, to }: RoutedCall,
  route: CallRoute | undefined,
  allowed: string | undefined,
): string[] {
  if (direction !== 'outbound' || route?.action !== 'answer') return [];
  if (allowed === undefined)
    return ['The API places it only where the setting OUTBOUND_ALLOWED lists the callee.'];
  const patterns = allowed.split(',').map((pattern) => pattern.trim());
  return isAllowed(to.rawId, patterns)
    ? []
    : ['But the API answers 403 to the request: the setting OUTBOUND_ALLOWED does not list the callee.'];
}
