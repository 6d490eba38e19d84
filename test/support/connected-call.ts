import { callEvents } from '../../functions/control/triggers/call-events.ts';
import { incomingCall } from '../../functions/control/triggers/incoming-call.ts';
import { callIdOfContext } from '../../functions/control/use-cases/receive-incoming-call.ts';
import { PLAN } from './calls.ts';
import { CONTEXT, ControlFixture, type FixtureOutbound } from './control-fixture.ts';

/** The id of the call that `ring` and `connectedCall` make. */
export const CONNECTED_ID = callIdOfContext(CONTEXT);

/** A call comes in to the fixture. */
export async function ring(fixture: ControlFixture): Promise<void> {
  await incomingCall(fixture.load)(fixture.incomingEvent(), fixture.context());
}

let events = 0;

/** ACS reports an event of that call. */
export async function report(
  fixture: ControlFixture,
  type: string,
  data: Record<string, unknown> = {},
): Promise<void> {
  events += 1;
  fixture.nowMs += 1;
  await fixture.call(callEvents(fixture.load), {
    params: { callId: CONNECTED_ID },
    headers: { authorization: 'Bearer good' },
    body: [fixture.callbackEvent(type, `reported-${events}`, data)],
  });
}

/** The control app with one call that came in, was answered and is connected; its audio is not streamed yet. */
export async function connectedCall(outbound?: FixtureOutbound): Promise<ControlFixture> {
  const fixture = new ControlFixture(
    [
      { name: 'everyone', match: {}, action: 'answer', plan: { ...PLAN, startStreaming: false } },
      { name: 'calls-out', match: { direction: 'outbound', to: '+1425*' }, action: 'answer', plan: PLAN },
    ],
    outbound,
  );
  await ring(fixture);
  await report(fixture, 'CallConnected', { serverCallId: 'server-call' });
  return fixture;
}
