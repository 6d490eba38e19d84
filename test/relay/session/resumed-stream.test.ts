import { describe, expect, it } from 'vitest';
import type { OpenLaneConnection } from '../../../relay/lane/lane-connection.ts';
import type { LaneEvent } from '../../../shared/wire/lane/worker-messages.ts';
import { until } from '../../support/until.ts';
import {
  type AcsStream,
  dial,
  mediaUrl,
  reportWith,
  startRelayFixture,
  ticketFor,
} from '../relay-fixture.ts';

/** Lanes of which every message is acknowledged, so that a stream has ended as soon as its socket is closed. */
function recordingLane(events: LaneEvent[]): OpenLaneConnection {
  return (_, { settled }) => ({
    start: () => Promise.resolve(),
    sendAudio: () => queueMicrotask(() => settled(true)),
    sendEvent: (event) => {
      events.push(event);
      queueMicrotask(() => settled(true));
    },
    stop: () => {},
  });
}

function starts(events: readonly LaneEvent[]): readonly LaneEvent[] {
  return events.filter(({ type }) => type === 'call.started');
}

describe('a worker', () => {
  it('is told that a stream goes on with a call that this relay has streamed before', async () => {
    const events: LaneEvent[] = [];
    const running = await startRelayFixture({}, { openConnection: recordingLane(events) });
    const open = async (): Promise<AcsStream> => await dial(mediaUrl(running, await ticketFor()));
    const first = await open();
    await until(() => starts(events).length === 1, 'the call to be started');
    first.close();
    await reportWith(running, { state: 'ended' });
    await open();
    await until(() => starts(events).length === 2, 'the call to be started again');
    expect(starts(events)[0]).not.toHaveProperty('resumed');
    expect(starts(events)[1]).toMatchObject({ resumed: true, discontinuity: true });
  });
});
