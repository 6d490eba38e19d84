import { describe, expect, it } from 'vitest';
import type { CallReport } from '../../../relay/session/call-report.ts';
import { parseRtp } from '../../../shared/wire/lane/rtp.ts';
import { downGroup } from '../../../shared/wire/names.ts';
import { until } from '../../support/until.ts';
import { CALL_ID, reportWith } from '../relay-fixture.ts';
import {
  call,
  heard,
  reload,
  say,
  speech,
  type WebPubSubFixture,
  webPubSubFixture,
} from '../web-pubsub/web-pubsub-fixture.ts';
import { echo, type ReceivedEvent } from '../worker-webhook.ts';

const SAMPLES_PER_MS = 16;
const FRAMES_AT_ONCE = 5;

function audioOf({ webhook }: WebPubSubFixture, worker = 'echo'): ReceivedEvent[] {
  return webhook.events.filter(
    (event) => event.worker === worker && event.headers['content-type'] === 'application/octet-stream',
  );
}

/** Milliseconds of audio that reached a worker, each counted once. */
function reachedMs(there: WebPubSubFixture, worker: string): number {
  const heardAt = new Set<number>();
  for (const { body } of audioOf(there, worker)) {
    const { timestamp, payload } = parseRtp(body);
    for (let at = 0; at < payload.byteLength / 2; at += 320) heardAt.add(timestamp + at);
  }
  return (heardAt.size * 320) / SAMPLES_PER_MS;
}

function eventsOf({ webhook }: WebPubSubFixture, worker: string, type: string): Record<string, unknown>[] {
  return webhook.events
    .filter((event) => event.worker === worker && event.headers['content-type'] === 'text/plain')
    .map(({ body }) => JSON.parse(String(body)) as Record<string, unknown>)
    .filter((event) => event['type'] === type);
}

describe('a lane whose connection is cut', () => {
  it('handles the chunk in flight once, and plays its reply once, when the worker was at work', async () => {
    const there = await webPubSubFixture();
    const { acs, running } = await call(there);
    await until(() => there.webhook.events.length === 1, 'call.started');
    const release = Promise.withResolvers<void>();
    there.webhook.respond = (event, response) => void release.promise.then(() => echo(event, response));
    const said = speech(5);
    say(acs, said);
    await until(() => audioOf(there).length === 1, 'the chunk at the worker');
    there.proxy.cut();
    release.resolve();
    await until(() => heard(acs).length >= said.length, 'the reply, after the recovery');
    const after = speech(5, 5);
    say(acs, after);
    await until(() => heard(acs).length >= said.length + after.length, 'the next chunk');
    expect(heard(acs).equals(Buffer.concat([said, after])), 'every sample once and in order').toBe(true);
    expect(audioOf(there), 'two chunks were handled, each once').toHaveLength(2);
    const { workers } = await until(async () => {
      const report = (await reportWith(running, { state: 'streaming' })) as CallReport;
      return report.workers[0]?.chunksAcked === 2 && report;
    }, 'both chunks to be acknowledged');
    expect(workers).toMatchObject([{ chunksSent: 2, chunksFailed: 0, lostMs: 0, reopened: 0 }]);
  });

  it('neither loses nor repeats a sample, however often it is cut', { timeout: 60_000 }, async () => {
    const there = await webPubSubFixture();
    const { acs, running } = await call(there);
    let frames = 0;
    for (let round = 0; round < 12; round += 1) {
      say(acs, speech(5, frames));
      frames += 5;
      // Now before a chunk has left, now while it is on its way, now while its reply is.
      await until(() => there.webhook.events.length > round / 2, 'events to flow');
      there.proxy.cut();
    }
    await until(() => heard(acs).length >= frames * 640, 'everything to come back', 40_000);
    expect(heard(acs).equals(speech(frames)), 'every sample once and in order').toBe(true);
    expect(await reportWith(running, { state: 'streaming' })).toMatchObject({
      workers: [{ chunksFailed: 0, lostMs: 0, droppedMs: 0, reopened: 0 }],
    });
  });

  it('is heard again as soon as the network is back, with what waited meanwhile', async () => {
    const there = await webPubSubFixture();
    const { acs } = await call(there);
    await until(() => there.webhook.events.length === 1, 'call.started');
    there.proxy.refuse(true);
    there.proxy.cut();
    const said = speech(20);
    say(acs, said);
    await until(() => there.proxy.refused > 0, 'the relay to try, and to be refused');
    there.proxy.refuse(false);
    await until(() => heard(acs).length >= said.length, 'everything to come back');
    expect(heard(acs).equals(said)).toBe(true);
  });
});

describe('a lane beneath which the service is renewed', () => {
  it('costs one worker little and the others nothing', async () => {
    const there = await webPubSubFixture();
    const { acs, running } = await call(there, ['echo', 'other']);
    for (const worker of ['echo', 'other'])
      await until(() => eventsOf(there, worker, 'call.started').length === 1, `${worker} to be told`);
    let frames = 0;
    const sayNext = (count: number): void => {
      say(acs, speech(count, frames));
      frames += count;
    };
    const sayFor = async (ms: number): Promise<void> => {
      const startedAtMs = performance.now();
      const end = frames + ms / 20;
      await until(() => {
        const due = Math.floor((performance.now() - startedAtMs) / 20) - ms / 20 + end;
        // What a stall has delayed follows piece by piece, as it does from ACS.
        const missing = Math.min(due, end, frames + FRAMES_AT_ONCE) - frames;
        if (missing > 0) sayNext(missing);
        return frames === end;
      }, 'the audio to be said');
    };
    const toReach = (worker: string): Promise<true> =>
      until(() => reachedMs(there, worker) === frames * 20, `everything to reach ${worker}`);
    await sayFor(600);
    await toReach('echo');
    // One chunk is under way when the lane is cut, and less waits at any time than the relay keeps.
    sayNext(FRAMES_AT_ONCE);
    expect(await reload(there, downGroup(CALL_ID, 'echo')), 'connections met').toBe(1);
    await sayFor(800);
    await toReach('other');
    await until(() => eventsOf(there, 'echo', 'call.started').length === 2, 'echo to be told again');
    acs.close();
    const report = await reportWith(running, { state: 'ended' });
    const saidMs = frames * 20;
    expect(reachedMs(there, 'other'), 'the other worker heard everything').toBe(saidMs);
    expect(saidMs - reachedMs(there, 'echo'), 'milliseconds that the worker missed').toBeLessThanOrEqual(500);
    expect(report).toMatchObject({
      workers: [
        { name: 'echo', reopened: 1, droppedMs: 0 },
        { name: 'other', reopened: 0, chunksFailed: 0, lostMs: 0, droppedMs: 0 },
      ],
    });
    expect(eventsOf(there, 'echo', 'call.started')).toMatchObject([
      expect.not.objectContaining({ resumed: true }),
      { resumed: true, discontinuity: expect.any(Boolean) },
    ]);
    expect(eventsOf(there, 'other', 'call.started'), 'told once').toHaveLength(1);
  });
});
