/**
 * Calls beside each other in a system that was started with a resident worker: those of the process that stays with its
 * calls, those of the worker app, and three people on one call, each heard apart.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { align } from '../../local/phone/align.ts';
import type { Step } from '../../local/phone/step.ts';
import { stepsToJson } from '../../local/phone/step-json.ts';
import { compileReport } from '../../local/run/client/report.ts';
import { findNumber } from '../../local/run/stack/directory.ts';
import type { HeardLine } from '../fixtures/worker-app/heard-line.ts';
import { callUntilHeard } from '../support/call-until-heard.ts';
import { expectHeard, isHeardToEnd } from '../support/heard.ts';
import { jsonLines } from '../support/json-lines.ts';
import { speechLike } from '../support/signals.ts';
import { PATIENT_RELAY, startTestSystem, type TestSystem } from '../support/system.ts';
import { until } from '../support/until.ts';

const CALLER = '+14255550199';
const RATE = 16_000;

const THREE_NUMBER = '+14255550197';
const RATE_OF_THREE = 24_000;
/** Everybody says so much that all still speak when the last one is on the call, though a busy machine holds it up. */
const SAID_MS = 4_000;
const PEOPLE = ['+14255550111', '+14255550112', '+14255550113'] as const;

let test: TestSystem;
let folder: string;
/** What the listening workers have written down. */
let heardFile: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trunkline-lanes-'));
  heardFile = join(folder, 'heard.jsonl');
  test = await startTestSystem({
    workerApp: join(import.meta.dirname, '../fixtures/worker-app/main.ts'),
    residents: ['echo'],
    extraEnv: {
      // What waits for a worker that a busy machine holds up is not dropped: every sample is expected.
      ...PATIENT_RELAY,
      worker: { HEARD_FILE: heardFile },
    },
    routes: [
      {
        name: 'three',
        match: { to: THREE_NUMBER },
        format: 'pcm24KMono',
        channels: 'unmixed',
        dtmf: true,
        workers: [{ name: 'scribe', listen: { mode: 'utterance' } }, { name: 'clerk' }],
      },
    ],
  });
});
afterAll(async () => {
  await test?.stop();
  await rm(folder, { recursive: true, force: true });
});

it('gives a worker what each of three says, exactly and in its place on the timeline, and the keys that are pressed', {
  timeout: 120_000,
}, async () => {
  // A call before this one, which failed, may have left lines.
  await rm(heardFile, { force: true });
  const saidSamples = (SAID_MS * RATE_OF_THREE) / 1_000;
  const material = speechLike(PEOPLE.length * saidSamples, RATE_OF_THREE);
  const said = PEOPLE.map((_, i) => material.slice(i * saidSamples, (i + 1) * saidSamples));
  const [caller, ...others] = PEOPLE;
  const placed = await control('', {
    from: caller,
    to: THREE_NUMBER,
    ...saying(said[0] ?? material, { type: 'press', keys: '12#' }),
  });
  const { id } = (await placed.json()) as { id: string };
  await test.telephone.waitFor(id, 'the answer', (call) => call.state === 'connected', 20_000);
  for (const [i, from] of others.entries()) {
    const joined = await control(`/${id}/phones`, { from, ...saying(said[i + 1] ?? material) });
    expect(joined.status, await joined.text()).toBeLessThan(300);
  }
  await test.telephone.waitFor(id, 'the end', (call) => call.state === 'disconnected', 60_000);

  const lines = await until(async () => {
    const all = await heard();
    return all.filter(({ type }) => type === 'ended').length === 2 ? all : undefined;
  }, 'both workers to be told of the end');
  expect(lines[0]).toEqual({ worker: 'scribe', type: 'started', format: 'pcm24KMono' });
  const keys = lines.flatMap((line) => (line.type === 'dtmf' ? [`${line.tone} to ${line.worker}`] : []));
  for (const worker of ['scribe', 'clerk']) {
    expect(keys.filter((key) => key.endsWith(worker))).toEqual(
      ['1', '2', '#'].map((key) => `${key} to ${worker}`),
    );
  }

  const spans = PEOPLE.map((person, i) => {
    const ssrc = lines.find((line) => line.type === 'participant' && line.rawId === `4:${person}`);
    expect(ssrc, `${person} is named`).toMatchObject({ ssrc: expect.any(Number) });
    const timeline = timelineOf(lines, ssrc?.type === 'participant' ? ssrc.ssrc : -1);
    const wanted = said[i] ?? material;
    const found = align(wanted, timeline, timeline.length);
    expect(found, `what ${person} said, in the utterances of that participant alone`).toMatchObject({
      exact: true,
    });
    const audible = timeline.filter((sample) => sample !== 0).length;
    expect(audible, 'nothing of anybody else').toBe(wanted.filter((sample) => sample !== 0).length);
    return { from: found?.offset ?? 0, to: (found?.offset ?? 0) + wanted.length };
  });
  const [first, ...rest] = spans;
  expect(
    rest.every(({ from, to }) => from < (first?.to ?? 0) && to > (first?.from ?? 0)),
    `all three spoke at the same time: ${JSON.stringify(spans)}`,
  ).toBe(true);
});

it.concurrent.each([
  { worker: 'echo', chunksOf: 'the stream, 60 ms at a time', least: 30 },
  { worker: 'parrot', chunksOf: 'utterances, from the worker app as ever', least: 1 },
])(
  'gives a caller of the $worker back what he said, who is heard by $chunksOf',
  async ({ worker, least }) => {
    const speech = { samples: speechLike(2 * RATE, RATE), sampleRateHz: RATE };
    const to = findNumber(test.system.directory, worker, 'pcm16KMono') ?? '';
    const evidence = await callUntilHeard(
      test,
      { from: CALLER, to, speech },
      isHeardToEnd(speech.samples, RATE),
    );
    const report = compileReport(evidence);
    expect(report.outcome).toBe('completed');
    expectHeard(evidence, speech.samples);
    const [counts] = report.workers;
    expect(counts).toMatchObject({ name: worker, chunksFailed: 0, lostMs: 0, droppedMs: 0 });
    expect(counts?.chunksSent).toBeGreaterThanOrEqual(least);
    if (worker !== 'echo') return;
    const said = (what: string): boolean =>
      test.log.some((line) => line.includes('[resident workers]') && line.includes(what));
    expect(said('takes calls')).toBe(true);
    await until(() => said('left a call'), 'the worker to leave the call');
  },
);

async function control(path: string, body: object): Promise<Response> {
  const { urls, keys } = test.system;
  return fetch(`${urls.acs}/control/scripts${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${keys.acsControl}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

/** Says something a second after the phone is on the call, and stays for a while. */
function saying(samples: Int16Array, ...more: Step[]): object {
  const steps: Step[] = [
    { type: 'wait', ms: 1_000 },
    { type: 'say', audio: { samples, sampleRateHz: RATE_OF_THREE } },
    ...more,
    { type: 'wait', ms: 4_000 },
    { type: 'hangUp' },
  ];
  return { steps: stepsToJson(steps), maxMs: 60_000 };
}

async function heard(): Promise<HeardLine[]> {
  const text = await readFile(heardFile, 'utf8').catch(() => '');
  return jsonLines<HeardLine>(text);
}

/** The utterances of a participant, where they lie in the stream. */
function timelineOf(lines: readonly HeardLine[], ssrc: number): Int16Array {
  const timeline = new Int16Array(20 * RATE_OF_THREE);
  for (const line of lines) {
    if (line.type !== 'utterance' || line.ssrc !== ssrc) continue;
    const bytes = Buffer.from(line.audio, 'base64');
    timeline.set(new Int16Array(new Uint8Array(bytes).buffer), line.timestamp);
  }
  return timeline;
}
