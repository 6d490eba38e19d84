import { expect, it } from 'vitest';
import type { OpenLaneConnection } from '../../../relay/lane/lane-connection.ts';
import { until } from '../../support/until.ts';
import { audioMetadata } from '../listen/acs-messages.ts';
import { RelayClock, settled } from '../relay-clock.ts';
import { dial, mediaUrl, startRelayFixture, ticketFor } from '../relay-fixture.ts';

/** Lanes that cannot be opened, and when the relay tried to. */
function closedLanes(clock: RelayClock): { triedAtMs: number[]; open: OpenLaneConnection } {
  const triedAtMs: number[] = [];
  return {
    triedAtMs,
    open: () => {
      triedAtMs.push(clock.elapsedMs());
      return {
        start: () => Promise.reject(new Error('scripted: there is no connection')),
        sendAudio: () => {},
        sendEvent: () => {},
        stop: () => {},
      };
    },
  };
}

it.each([
  [0, [0, 50, 150, 350]],
  [0.5, [0, 75, 225, 525]],
])(
  'the relay opens a lane again at times that follow its clock and its random numbers (%d)',
  async (chance, wanted) => {
    const clock = new RelayClock();
    const { triedAtMs, open } = closedLanes(clock);
    const running = await startRelayFixture({}, { clock, random: () => chance, openConnection: open });
    const acs = await dial(mediaUrl(running, await ticketFor()));
    acs.send(audioMetadata());
    await settled();
    await clock.advance(wanted.at(-1) ?? 0);
    expect(triedAtMs).toEqual(wanted);
    let isClosed = false;
    void running.close().then(() => {
      isClosed = true;
    });
    await until(async () => {
      await clock.advance(1_000);
      return isClosed;
    }, 'the relay to close');
  },
);
