import { describe, expect, it, onTestFinished } from 'vitest';
import { defineWorker } from '../../../../../functions/workers/kit/define-worker.ts';
import type { AudioChunk } from '../../../../../functions/workers/kit/worker.ts';
import { type Clock, systemClock } from '../../../../../shared/base/clock.ts';
import { downGroup, HUB, upGroup } from '../../../../../shared/wire/names.ts';
import { connect, Resources, serviceClient } from '../../../../local/emulators/web-pubsub/service.ts';
import { CALL_ID, reportWith } from '../../../../relay/relay-fixture.ts';
import { heard, say, speech } from '../../../../relay/web-pubsub/web-pubsub-fixture.ts';
import { until } from '../../../../support/until.ts';
import { residentFixture } from './resident-fixture.ts';

const ASK_LIMIT_MS = 300;
const HANDOVER_DELAY_MS = 250;

/** An echo that says what it was told of. */
function listener() {
  const told: string[] = [];
  const chunks: Pick<AudioChunk, 'timestamp' | 'durationMs'>[] = [];
  const worker = defineWorker({
    name: 'resident',
    listen: { mode: 'stream' },
    initialState: () => ({ chunks: 0 }),
    onCallStarted: (event) => void told.push(event.resumed === true ? 'resumed' : 'started'),
    onDtmf: ({ tone }) => void told.push(`dtmf ${tone}`),
    onCallEnded: ({ reason }) => void told.push(`ended: ${reason}`),
    onAudio(chunk, _call, state) {
      state.chunks += 1;
      chunks.push({ timestamp: chunk.timestamp, durationMs: chunk.durationMs });
      if (chunk.pcm[0] === 32_767) throw new Error('a handler that fails');
      return chunk.pcm;
    },
  });
  return { worker, told, chunks };
}

type ResidentFixture = Awaited<ReturnType<typeof residentFixture>>;

/** A call whose first message, of 60 ms, has come back. */
async function heardCall(there: ResidentFixture, clock?: Clock): ReturnType<ResidentFixture['call']> {
  const call = await there.call(clock);
  const { acs } = call;
  say(acs, speech(3));
  await until(() => heard(acs).length === 3 * 640, 'the first message');
  return call;
}

/** The worker of another replica was told that the call goes on. */
async function expectResumed(told: readonly string[]): Promise<void> {
  await until(() => told.length === 2, 'the other replica to be told');
  expect(told).toEqual(['started', 'resumed']);
}

describe('a resident worker', () => {
  it('hears a call 60 ms at a time from its first sample, and is heard, sample by sample', async () => {
    const { worker, told, chunks } = listener();
    const there = await residentFixture(worker);
    const { acs, running } = await there.call();
    const said = speech(40);
    say(acs, said);
    // How much was there when the worker joined decides where a message ends: up to two frames wait for the next.
    const waiting = 2 * 640;
    await until(() => heard(acs).length >= said.length - waiting, 'everything to come back');
    expect(heard(acs).equals(said.subarray(0, heard(acs).length)), 'every sample once and in order').toBe(
      true,
    );
    expect(told).toEqual(['started']);
    expect(chunks[0]?.timestamp, 'nothing was published before the worker had joined').toBe(0);
    say(acs, speech(6, 40));
    await until(() => heard(acs).length >= 46 * 640 - waiting, 'one more message');
    const all = Buffer.concat([said, speech(6, 40)]);
    expect(heard(acs).equals(all.subarray(0, heard(acs).length)), 'goes on where it was').toBe(true);
    expect(chunks.map(({ durationMs }) => durationMs)).toContain(60);
    acs.close();
    await reportWith(running, { state: 'ended' });
    await until(() => there.servers[0]?.calls === 0, 'the worker to leave the call');
    expect(told).toEqual(['started', 'ended: stream ended']);
  });

  it('loses one message and nothing else when its handler throws', async () => {
    const { worker } = listener();
    const there = await residentFixture(worker);
    const { acs, running } = await heardCall(there);
    say(acs, new Uint8Array(new Int16Array(3 * 320).fill(32_767).buffer));
    say(acs, speech(3, 6));
    await until(() => heard(acs).length === 6 * 640, 'the third message');
    expect(
      heard(acs)
        .subarray(3 * 640)
        .equals(speech(3, 6)),
    ).toBe(true);
    expect(await reportWith(running, { state: 'streaming' })).toMatchObject({
      workers: [{ name: 'resident' }],
    });
  });

  it('goes on with the same call when the lane of the relay is a new one', async () => {
    const { worker, told } = listener();
    const there = await residentFixture(worker);
    const { acs, running } = await heardCall(there);
    await there.control('service-reload', { group: downGroup(CALL_ID, 'resident') });
    await until(async () => {
      const { workers } = (await reportWith(running, { state: 'streaming' })) as {
        workers: [{ reopened: number }];
      };
      return workers[0].reopened === 1;
    }, 'a new lane');
    const before = heard(acs).length;
    say(acs, speech(6, 3));
    await until(() => heard(acs).length >= before + 6 * 640, 'audio on the new lane');
    expect(told, 'the worker holds the call: it is not told again').toEqual(['started']);
    expect(there.servers[0]?.calls).toBe(1);
  });

  it('leaves a call to the replica that is given it later, so that nobody is heard twice', async () => {
    const { worker, told } = listener();
    const there = await residentFixture(worker, 2);
    const { acs, running } = await heardCall(there);
    there.route(1);
    await there.control('service-reload', { group: downGroup(CALL_ID, 'resident') });
    await until(
      () => there.servers[1]?.calls === 1 && there.servers[0]?.calls === 0,
      'the other replica alone',
    );
    await expectResumed(told);
    await reportWith(running, { state: 'streaming' });
    const before = heard(acs).length;
    say(acs, speech(6, 3));
    await until(() => heard(acs).length >= before + 6 * 640, 'audio of the other replica');
    acs.close();
    await reportWith(running, { state: 'ended' });
    expect(heard(acs).length, 'every message was answered once').toBe(before + 6 * 640);
  });

  it('keeps a call whose next stream takes its lane over, wherever the relay would be sent now', async () => {
    const { worker, told } = listener();
    const there = await residentFixture(worker, 2);
    // The relay saves the lane for the next stream at once, and waits for the answer however busy the machine is.
    const waits = new Map([
      [HANDOVER_DELAY_MS, 0],
      [ASK_LIMIT_MS, 10_000],
    ]);
    const after: Clock['after'] = (ms, call) => systemClock.after(waits.get(ms) ?? ms, call);
    const { running } = await heardCall(there, { ...systemClock, after });
    there.route(1);
    const next = await there.stream(running);
    await until(() => told.length === 2, 'the worker to hear of the next stream');
    say(next, speech(3));
    await until(() => heard(next).length === 3 * 640, 'the worker to be heard in it');
    expect(told).toEqual(['started', 'resumed']);
    expect(there.servers.map(({ calls }) => calls)).toEqual([1, 0]);
  });

  it('hands its calls to another replica when it stops', async () => {
    const { worker, told } = listener();
    const there = await residentFixture(worker, 2);
    const { acs, running } = await heardCall(there);
    there.route(1);
    await there.servers[0]?.close();
    await until(() => there.servers[1]?.calls === 1, 'the other replica');
    await expectResumed(told);
    const said = speech(9, 3);
    say(acs, said);
    await until(() => heard(acs).length >= 12 * 640, 'audio of the other replica');
    expect(
      heard(acs)
        .subarray(3 * 640)
        .equals(said),
      'nothing was lost in between',
    ).toBe(true);
    expect(await reportWith(running, { state: 'streaming' })).toMatchObject({
      workers: [{ lostMs: 0, droppedMs: 0, reopened: 0 }],
    });
  });

  it('comes back to its call when its connection is cut', async () => {
    const { worker } = listener();
    const there = await residentFixture(worker);
    const { acs } = await heardCall(there);
    await there.control('drop', { group: `call.${CALL_ID}.up.resident` });
    let frames = 3;
    await until(
      () => {
        say(acs, speech(3, frames));
        frames += 3;
        return heard(acs).length > 3 * 640;
      },
      'audio after the cut',
      8_000,
      20,
    );
  });

  it('is back on its call each time when somebody with the key of the hub closes all its connections', async () => {
    const { worker, told } = listener();
    const there = await residentFixture(worker);
    const { acs, running } = await heardCall(there);
    const service = serviceClient(there.service, HUB);
    let frames = 3;
    for (let cuts = 1; cuts <= 3; cuts += 1) {
      // Those of the relay and of the worker have the call as their user.
      await service.closeUserConnections(CALL_ID, { reason: 'cut by a stranger' });
      await until(async () => {
        const { workers } = (await reportWith(running, { state: 'streaming' })) as {
          workers: [{ reopened: number }];
        };
        return workers[0].reopened === cuts;
      }, 'a new lane');
      const before = heard(acs).length;
      await until(
        () => {
          say(acs, speech(3, frames));
          frames += 3;
          return heard(acs).length > before + 6 * 640;
        },
        'audio after the cut',
        8_000,
        20,
      );
    }
    expect(told, 'the worker holds the call all the time').toEqual(['started']);
  });

  it('goes on with the next stream of its call, and a stranger in its group gets no token', async () => {
    const { worker, told } = listener();
    const there = await residentFixture(worker);
    const { acs, running } = await heardCall(there);
    const resources = new Resources();
    onTestFinished(() => resources.dispose());
    const group = upGroup(CALL_ID, 'resident');
    const { client } = await connect(resources, there.service, { hub: HUB, groups: [group] });
    const overheard: string[] = [];
    client.on('group-message', ({ message }) => {
      if (message.dataType !== 'binary') overheard.push(JSON.stringify(message.data));
    });
    const next = await there.stream(running);
    await until(
      () => {
        say(next, speech(3));
        return heard(next).length > 0;
      },
      'audio on the next stream',
      8_000,
      20,
    );
    // On a busy machine the answer is late, and the worker is told a second time.
    expect(new Set(told)).toEqual(new Set(['started', 'resumed']));
    expect(acs.isClosed, 'the next stream has replaced it').toBe(true);
    await until(() => overheard.some((text) => text.includes('call.started')), 'the question in the group');
    expect(overheard.filter((text) => text.includes('token'))).toEqual([]);
  });

  it('refuses to be run without anything to hear a stream with', async () => {
    const utterances = defineWorker({
      name: 'resident',
      listen: { mode: 'utterance' },
      onUtterance: () => undefined,
    });
    await expect(residentFixture(utterances)).rejects.toThrow('has no onAudio');
  });
});
