/**
 * Whole calls whose workers are reached in other ways than by a quiet lane: a resident process, and a service that is
 * renewed.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ResidentServer } from '../../functions/workers/hosts/resident/server.ts';
import { echo } from '../../functions/workers/samples/echo.ts';
import { freePort } from '../../local/emulators/common/free-port.ts';
import { makeCall } from '../../local/run/client/make-call.ts';
import { compileReport } from '../../local/run/client/report.ts';
import { findNumber } from '../../local/run/stack/directory.ts';
import { freePorts } from '../../local/run/stack/ports.ts';
import { callUntilHeard } from '../support/call-until-heard.ts';
import { expectHeard, isHeardToEnd } from '../support/heard.ts';
import { residentTable, startResidentOf } from '../support/resident-of-system.ts';
import { speechLike } from '../support/signals.ts';
import { PATIENT_RELAY, startTestSystem, type TestSystem } from '../support/system.ts';
import { until } from '../support/until.ts';

const CALLER = '+14255550199';
const RESIDENT_NUMBER = '+14255550196';
const CONTROL_TOKEN = 'a control token of the test';
const RATE = 16_000;

let test: TestSystem;
let resident: ResidentServer;
let webPubSub: string;
beforeAll(async () => {
  const ports = await freePorts();
  const residentPort = await freePort();
  webPubSub = `http://127.0.0.1:${ports.webPubSub}`;
  test = await startTestSystem({
    ports,
    extraEnv: {
      ...PATIENT_RELAY,
      webPubSub: {
        WEB_PUBSUB_CONTROL_TOKEN: CONTROL_TOKEN,
        // The hub's table says where a worker is: the event of the resident one goes to its process.
        ...residentTable('resident', residentPort, ports),
      },
    },
    routes: [
      {
        name: 'resident',
        match: { to: RESIDENT_NUMBER },
        workers: [{ name: 'resident', listen: { mode: 'stream' }, bargeIn: { policy: 'never' } }],
      },
    ],
  });
  resident = await startResidentOf(test, { ...echo, name: 'resident' }, residentPort);
});
afterAll(async () => {
  await resident?.close();
  await test?.stop();
});

it('gives every sample back exactly once when the worker is a resident process that hears the stream', async () => {
  const speech = { samples: speechLike(2 * RATE, RATE), sampleRateHz: RATE };
  const evidence = await callUntilHeard(
    test,
    { from: CALLER, to: RESIDENT_NUMBER, speech },
    isHeardToEnd(speech.samples, RATE),
  );
  const report = compileReport(evidence);
  expect(report.outcome).toBe('completed');
  expectHeard(evidence, speech.samples);
  expect(report.workers).toMatchObject([{ name: 'resident', chunksFailed: 0, lostMs: 0, droppedMs: 0 }]);
  await until(() => resident.calls === 0, 'the worker to leave the call');
});

it('costs a call at most 500 ms when Web PubSub is renewed beneath its lane', async () => {
  const speech = { samples: speechLike(4 * RATE, RATE), sampleRateHz: RATE };
  const to = findNumber(test.system.directory, 'echo', 'pcm16KMono') ?? '';
  const calling = makeCall(test.system, { from: CALLER, to, speech, tailMs: 4_000 });
  const live = await until(async () => {
    const call = (await test.telephone.calls()).find(({ state }) => state === 'connected');
    return (call?.streams[0]?.samplesPlayed ?? 0) > RATE && call;
  }, 'a second of the echo');
  expect(live).toBeDefined();
  const answer = await fetch(`${webPubSub}/control/service-reload`, {
    method: 'POST',
    headers: { authorization: `Bearer ${CONTROL_TOKEN}` },
    body: '{"hub":"calls"}',
  });
  expect(await answer.json()).toEqual({ connections: 1 });
  const evidence = await calling;
  const report = compileReport(evidence);
  expect(report.outcome).toBe('completed');
  const [worker] = report.workers;
  expect(worker?.droppedMs).toBe(0);
  expect(worker?.lostMs, 'milliseconds that the worker missed').toBeLessThanOrEqual(500);
  const heardMs = evidence.heard.samples.filter((sample) => sample !== 0).length / (RATE / 1_000);
  const saidMs = speech.samples.filter((sample) => sample !== 0).length / (RATE / 1_000);
  expect(saidMs - heardMs, 'milliseconds that the caller did not hear back').toBeLessThanOrEqual(500);
});
