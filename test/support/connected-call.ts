import { callEvents } from '../../functions/control/triggers/call-events.ts';
import { incomingCall } from '../../functions/control/triggers/incoming-call.ts';
import { callIdOf } from '../../functions/control/use-cases/receive-incoming-call.ts';
import { PLAN } from './calls.ts';
import { type BenchOutbound, CONTEXT, ControlBench } from './control-bench.ts';

/** The id of the call that `ring` and `connectedCall` make. */
export const CONNECTED_ID = callIdOf(CONTEXT);

/** A call comes in to the bench. */
export async function ring(bench: ControlBench): Promise<void> {
  await incomingCall(bench.load)(bench.incomingEvent(), bench.context());
}

let events = 0;

/** ACS reports an event of that call. */
export async function report(
  bench: ControlBench,
  type: string,
  data: Record<string, unknown> = {},
): Promise<void> {
  events += 1;
  bench.nowMs += 1;
  await bench.call(callEvents(bench.load), {
    params: { callId: CONNECTED_ID },
    headers: { authorization: 'Bearer good' },
    body: [bench.callbackEvent(type, `reported-${events}`, data)],
  });
}

/** The control app with one call that came in, was answered and is connected; its audio is not streamed yet. */
export async function connectedCall(outbound?: BenchOutbound): Promise<ControlBench> {
  const bench = new ControlBench(
    [
      { name: 'everyone', match: {}, action: 'answer', plan: { ...PLAN, startStreaming: false } },
      { name: 'calls-out', match: { direction: 'outbound', to: '+1425*' }, action: 'answer', plan: PLAN },
    ],
    outbound,
  );
  await ring(bench);
  await report(bench, 'CallConnected', { serverCallId: 'server-call' });
  return bench;
}
