import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { KeptChild } from '../../../../local/run/stack/kept-child.ts';
import { freePorts } from '../../../../local/run/stack/ports.ts';
import { makeSecrets } from '../../../../local/run/stack/secrets.ts';
import { type SystemLayout, specOf } from '../../../../local/run/stack/specs.ts';
import { isFailure, type Notice, type NoticeKind } from '../../../../local/run/watch/notice.ts';
import { build } from '../../../../scripts/build.ts';
import { rtp, STARTED } from '../../../functions/workers/kit/lane-fixture.ts';
import { CALL_ID, eventRequest, sign } from '../../../functions/workers/kit/web-pubsub-request.ts';
import { COMPILED } from '../../../support/compiled.ts';
import { until } from '../../../support/until.ts';

const SOURCE = join(import.meta.dirname, '../../../fixtures/faulty-workers/main.ts');
/** A process starts within this on a machine that has much else to do. */
const START_LIMIT_MS = 120_000;

let folder: string;
let source: string[];
let host: KeptChild;
let url: string;
let accessKey: string;
const notices: Notice[] = [];
const deaths: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trunkline-watched-'));
  source = (await readFile(SOURCE, 'utf8')).split('\n');
  await writeFile(join(folder, 'host.json'), '{"version":"2.0"}');
  await writeFile(join(folder, 'package.json'), '{"main":"dist/functions/main.cjs"}');
  await build({ outDir: join(folder, 'dist'), parts: ['functions'], entry: SOURCE });
  const layout: SystemLayout = {
    ports: await freePorts(),
    secrets: makeSecrets(),
    controlApp: '',
    workerApp: folder,
    relayModule: '',
    extraEnv: { worker: { ...COMPILED, FREED_FILE: join(folder, 'freed') } },
  };
  accessKey = layout.secrets.webPubSubAccessKey;
  host = new KeptChild(specOf('worker', layout), {
    onLine: () => {},
    onDeath: (message) => void deaths.push(message),
    onNotice: (notice) => void notices.push(notice),
  });
  url = await host.start();
}, START_LIMIT_MS);

afterAll(async () => {
  await host.stop();
  await rm(folder, { recursive: true, force: true });
});

/** One event of a call, as Web PubSub posts it; `undefined` where the process ends instead of answering. */
async function hear(worker: string, body: Uint8Array | object): Promise<Response | undefined> {
  const isAudio = body instanceof Uint8Array;
  const request = eventRequest({
    worker,
    body: new Uint8Array(isAudio ? body : Buffer.from(JSON.stringify(body))),
    contentType: isAudio ? 'application/octet-stream' : 'application/json',
    headers: { 'ce-signature': sign(accessKey) },
  });
  const { method, headers } = request;
  return await fetch(`${url}/api/workers/${worker}`, {
    method,
    headers,
    body: await request.arrayBuffer(),
  }).catch(() => undefined);
}

/** `at`: on a busy machine the place of a block shows a while after the block. */
function noticed(worker: string, kind: NoticeKind, at = ''): Promise<Notice> {
  return until(
    () =>
      notices.find(
        ({ place = '', ...notice }) => notice.worker === worker && notice.kind === kind && place.includes(at),
      ),
    `${kind} of ${worker}`,
    START_LIMIT_MS,
  );
}

/** Where a text stands in the source of the workers. */
function placeOf(text: string): string {
  const row = source.findIndex((line) => line.includes(text));
  return `${SOURCE}:${row + 1}:`;
}

it('tells what a worker logs, under its call', async () => {
  const { callConnectionId } = STARTED;
  const started = await hear('logger', STARTED);
  const state = started?.headers.get('ce-connectionState') ?? '';
  const request = eventRequest({ worker: 'logger', body: new Uint8Array(rtp()) });
  request.headers.set('ce-signature', sign(accessKey));
  request.headers.set('ce-connectionState', state);
  await fetch(`${url}/api/workers/logger`, {
    method: 'POST',
    headers: request.headers,
    body: await request.arrayBuffer(),
  });
  expect(await noticed('logger', 'log')).toEqual({
    kind: 'log',
    text: "a line with { two: 'lines\\nof text' }",
    worker: 'logger',
    handler: 'onAudio',
    callId: CALL_ID,
    callConnectionId,
  });
});

it('tells which texts a worker publishes', async () => {
  await hear('publisher', rtp());
  await until(() => notices.filter(({ kind }) => kind === 'text').length === 2, 'two texts');
  expect(notices.filter(({ kind }) => kind === 'text')).toMatchObject([
    { text: 'a text', worker: 'publisher', callId: CALL_ID },
    { text: 'another', worker: 'publisher', callId: CALL_ID },
  ]);
});

it.each([
  { worker: 'thrower', text: 'TypeError: thrown', at: "new TypeError('thrown')" },
  { worker: 'rejecter', text: 'Error: rejected', at: "new Error('rejected')" },
  { worker: 'liar', text: 'or nothing; this one returned a string', at: undefined },
  { worker: 'hoarder', text: 'LaneStateTooLargeError: the state of a worker may take', at: undefined },
])('names worker, handler, call and line where $worker fails', async ({ worker, text, at }) => {
  expect((await hear(worker, rtp()))?.status).toBe(200);
  const notice = await noticed(worker, 'failed');
  expect(notice).toMatchObject({ worker, handler: 'onAudio', callId: CALL_ID });
  expect(notice.text).toContain(text);
  if (at === undefined) expect(notice.place).toBeUndefined();
  else expect(notice.place).toContain(placeOf(at));
  expect(isFailure(notice)).toBe(true);
});

it('names the line in which a loop blocks the process, while it still does, and that it goes on', async () => {
  const answer = hear('blocker', rtp());
  const notice = await noticed('blocker', 'blocked', placeOf('while (!existsSync'));
  expect(notice).toMatchObject({ handler: 'onAudio', callId: CALL_ID });
  expect(isFailure(notice)).toBe(true);
  await writeFile(join(folder, 'freed'), '');
  expect((await answer)?.status).toBe(204);
  await noticed('blocker', 'unblocked');
});

it('tells that a handler does not return, which is no failure yet', async () => {
  void hear('waiter', rtp());
  const notice = await noticed('waiter', 'waiting');
  expect(notice).toMatchObject({ handler: 'onAudio', callId: CALL_ID });
  expect(isFailure(notice)).toBe(false);
});

it.each([
  { worker: 'forgetter', kind: 'uncaught', text: 'nobody awaits', at: "new Error('floating')" },
  { worker: 'bomber', kind: 'uncaught', text: 'Error: in a timer', at: "new Error('in a timer')" },
  { worker: 'leaver', kind: 'exit', text: 'process.exit(3)', at: 'process.exit(3)' },
] as const)(
  'tells why the process ends by $worker, and starts it again',
  async ({ worker, kind, text, at }) => {
    const restarts = notices.filter((notice) => notice.kind === 'restarted').length;
    await hear(worker, rtp());
    const notice = await noticed(worker, kind);
    expect(notice).toMatchObject({ handler: 'onAudio', callId: CALL_ID });
    expect(notice.text).toContain(text);
    expect(notice.place).toContain(placeOf(at));
    await until(
      async () =>
        notices.filter(({ kind: each }) => each === 'restarted').length > restarts &&
        (await hear('logger', rtp()))?.ok === true,
      'another process that answers',
      START_LIMIT_MS,
    );
    expect(deaths).toEqual([]);
  },
);
