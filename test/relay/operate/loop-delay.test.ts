import { describe, expect, it, onTestFinished } from 'vitest';
import { type LoopDelay, watchLoopDelay } from '../../../relay/operate/loop-delay.ts';
import { systemClock } from '../../../shared/base/clock.ts';
import { until } from '../../support/until.ts';
import { ADMIN_TOKEN, dial, get, mediaUrl, refusal, startRelayFixture, ticketFor } from '../relay-fixture.ts';

const OVER_WINDOWS = 2;

const LATE: LoopDelay = { p50: 90, p99: 120, max: 130 };
const BLOCK_MS = 120;
const PAUSE_MS = 200;
const WAIT_MS = 8_000;

describe('The watch on the event loop', () => {
  it('says how long the loop was held up', async () => {
    let longestMs = 0;
    const stop = watchLoopDelay(systemClock, ({ max }) => {
      longestMs = Math.max(longestMs, max);
    });
    onTestFinished(stop);
    // Again and again: the monitor notices that it fires late only once it has fired in this window.
    const isSeen = (): boolean => {
      const endMs = performance.now() + BLOCK_MS;
      while (performance.now() < endMs);
      return longestMs >= BLOCK_MS / 2;
    };
    await until(isSeen, 'a window with the delay', WAIT_MS, PAUSE_MS);
  });
});

describe('A relay whose event loop is late', () => {
  it('refuses further calls with 503 before the upgrade, is not ready, and goes on with those it has', async () => {
    let report = (_delay: LoopDelay): void => {};
    const running = await startRelayFixture(
      { maxLoopDelayMs: 40 },
      {
        watchLoop: (_, onWindow) => {
          report = onWindow;
          return () => {};
        },
      },
    );
    const live = await dial(mediaUrl(running, await ticketFor()));
    expect((await get(`${running.url}/readyz`)).status).toBe(200);
    for (let window = 0; window < OVER_WINDOWS; window++) report(LATE);

    const callId = 'fedcba9876543210';
    const refused = await refusal(mediaUrl(running, await ticketFor({ callId }), callId));
    expect(refused).toMatchObject({ status: 503, detail: 'the relay is full: its event loop is late' });
    expect(refused.headers['retry-after']).toBe('1');
    expect((await get(`${running.url}/readyz`)).status).toBe(503);
    expect((await get(`${running.url}/metrics`, ADMIN_TOKEN)).text).toContain(
      'trunkline_relay_loop_delay_p50_ms 90\n',
    );
    expect(live.isClosed).toBe(false);
  });
});
