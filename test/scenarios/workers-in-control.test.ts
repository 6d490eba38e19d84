/**
 * Workers that act on their own call, as functions and as residents; and what is left of all that in what the parts
 * print and store: nothing by which a person or a call could be reached.
 */
import { fileURLToPath } from 'node:url';
import { TableClient, TableServiceClient } from '@azure/data-tables';
import { expect, it } from 'vitest';
import { Speech } from '../../local/phone/speech.ts';
import { loadScenario } from '../../local/run/scenario/load-scenario.ts';
import { createCallsClient } from '../../shared/client/calls-client.ts';
import { WORKER_API } from '../../shared/wire/names.ts';
import { signCallToken } from '../../shared/wire/signed/call-token.ts';
import { COLLEAGUE, GOODBYE, NOTE, SPOKEN } from '../fixtures/worker-app/controller.ts';
import { encodedJson } from '../support/encoded-json.ts';
import { expectToHold } from '../support/expect-to-hold.ts';
import { FIXTURE_NUMBERS, RESIDENT_LINE } from '../support/fixture-workers.ts';
import { sharedSystem } from '../support/shared-system.ts';
import { until } from '../support/until.ts';

const CALLER = '+14255550191';
const NUMBER = FIXTURE_NUMBERS.controlled;
const RESIDENT_NUMBER = FIXTURE_NUMBERS.controlledByResident;
const SHOWN_NUMBER = '+18005550142';
const LIMIT_MS = 90_000;
/** What somebody says to the workers of a call. */
const MESSAGE = 'the customer is called Rumpelstiltskin';

const test = sharedSystem();
const tokens: string[] = [];

interface Placed {
  /** The emulator's id. */
  readonly id: string;
  readonly callId: string;
}

/** A call whose audio streams. */
async function callTo(to: string): Promise<Placed> {
  const id = await test.telephone.place({ from: CALLER, to, tailMs: 600_000, maxMs: 600_000 });
  const { callConnectionId = '' } = await test.telephone.waitFor(
    id,
    'streaming',
    ({ mediaSubscription }) => mediaSubscription?.state === 'active',
    LIMIT_MS,
  );
  const { callId } = await until(async () => {
    const call = await test.control.findLive(callConnectionId);
    // The control app is told a moment after the audio streams; what is asked of it before is refused.
    return call?.state === 'connected' && call.streaming.state === 'active' ? call : undefined;
  }, 'the call in the list, connected and streamed');
  return { id, callId };
}

async function timelineHas(callId: string, ...types: readonly string[]): Promise<void> {
  let told: readonly string[] = [];
  const hasAll = async (): Promise<boolean> => {
    told = (await test.control.call(callId))?.timeline?.map(({ type }) => type) ?? [];
    return types.every((type) => told.includes(type));
  };
  await until(hasAll, 'the timeline', LIMIT_MS, 100).catch(() => {
    throw new Error(`${types.join(', ')} is not in the timeline: ${told.join(', ')}`);
  });
}

it.concurrent.each([
  ['a function', NUMBER, 'controller'],
  ['a resident process', RESIDENT_NUMBER, 'resident'],
])(
  'a worker in %s has its caller spoken to and keys pressed, publishes, and hangs up when its goodbye was heard whole',
  async (_, number, worker) => {
    const { id, callId } = await callTo(number);
    await test.telephone.pressKeys(id, '2');
    await timelineHas(callId, 'PlayCompleted');
    await test.telephone.pressKeys(id, '3');
    await timelineHas(callId, 'SendDtmfTonesCompleted');
    await test.telephone.pressKeys(id, '9');
    await timelineHas(callId, 'HangUpRequested', 'CallDisconnected');
    await timelineHas(callId, 'Note');
    const call = await test.control.call(callId);
    expect(call).toMatchObject({ state: 'ended', endedBy: 'worker' });
    const texts = call?.timeline?.filter(({ source }) => source === 'worker');
    expect(texts?.map(({ type, details }) => [type, details])).toEqual([['Note', { worker, text: NOTE }]]);
    const { samples } = await test.telephone.recording(id, 'heard');
    expect(Buffer.from(samples.buffer).includes(Buffer.from(GOODBYE.buffer)), 'the whole goodbye').toBe(true);
  },
);

it.concurrent('a worker hands its caller over to somebody else', async () => {
  const { id, callId } = await callTo(NUMBER);
  await test.telephone.pressKeys(id, '1');
  await timelineHas(callId, 'CallTransferAccepted', 'CallDisconnected');
  expect((await test.control.call(callId))?.state, 'the application is off the call').toBe('ended');
});

it.concurrent('the token of a call does nothing on another call', async () => {
  const [own, other] = await Promise.all([callTo(NUMBER), callTo(NUMBER)]);
  const expiresAtMs = Date.now() + 600_000;
  const holder = { callId: own.callId, worker: 'controller' };
  const token = signCallToken({ ...holder, expiresAtMs }, test.secrets.ticketKey);
  tokens.push(token);
  const client = createCallsClient({
    baseUrl: test.system.urls.control,
    apiPath: `/api/${WORKER_API}`,
    token,
  });
  for (const asked of [
    () => client.hangUp(other.callId),
    () => client.transfer(other.callId, { target: COLLEAGUE }),
    () => client.getCall(other.callId),
    () => client.getTimeline(other.callId),
  ])
    await expect(asked()).rejects.toMatchObject({ status: 403, problemName: 'forbidden' });
  expect((await test.control.call(other.callId))?.state).toBe('connected');
  await client.sendMessage(own.callId, { data: MESSAGE });
  const spy = createCallsClient({
    baseUrl: test.system.urls.control,
    apiPath: `/api/${WORKER_API}`,
    token: signCallToken({ ...holder, worker: 'spy', expiresAtMs }, test.secrets.ticketKey),
  });
  const isDead = { status: 401, problemName: 'unauthorized' };
  await expect(spy.getCall(own.callId), 'before it is on the call').rejects.toMatchObject(isDead);
  await client.attachWorker(own.callId, 'spy', { speaks: false });
  expect((await spy.getCall(own.callId)).callId).toBe(own.callId);
  await expect(spy.hangUp(own.callId), 'it only listens').rejects.toMatchObject({ status: 403 });
  await client.detachWorker(own.callId, 'spy');
  await expect(spy.getCall(own.callId), 'after it was detached').rejects.toMatchObject(isDead);
  await client.hangUp(own.callId);
  await timelineHas(own.callId, 'CallDisconnected');
  const answer = await test.control.request('POST', `/calls/${other.callId}/hang-up`);
  expect(answer.status).toBe(202);
});

it.concurrent('a scenario expects what workers publish', async () => {
  const file = fileURLToPath(new URL('published.yaml', import.meta.url));
  await expectToHold(test.system, await loadScenario(file, new Speech()));
});

it('nothing of all this that is secret or personal is printed or stored', async () => {
  const placed = await test.control.request('POST', '/calls', {
    to: COLLEAGUE,
    callerId: SHOWN_NUMBER,
    displayName: 'Doctor Mabuse',
  });
  expect(placed.status).toBe(202);
  const { callId } = (await placed.json()) as { callId: string };
  await timelineHas(callId, 'CallConnected');
  await test.control.request('POST', `/calls/${callId}/hang-up`);
  await timelineHas(callId, 'CallDisconnected');
  const stored = await allRows();
  expect(stored.length, 'rows of calls, timelines and kept answers').toBeGreaterThan(50);
  // The emulators print what they are asked for; what is judged here is what the product prints.
  const log = (await test.log()).split('\n');
  const residentLog = log.filter((line) => line.startsWith(RESIDENT_LINE));
  const printed = log.filter((line) => /^\[(control app|worker app|relay)\]/.test(line));
  expect(printed.length, 'lines of the product').toBeGreaterThan(50);
  expect(residentLog.length, 'lines of the resident worker').toBeGreaterThan(0);
  const secrets: Readonly<Record<string, string>> = {
    ...test.secrets,
    ...Object.fromEntries(tokens.map((token, index) => [`token ${index}`, token.split('.')[2] ?? ''])),
    'the text that was spoken': SPOKEN,
    'the message to workers': MESSAGE,
    'a display name': 'Mabuse',
    'keys that were pressed': '4711081547',
    'the caller': CALLER.slice(1),
    'the called number': NUMBER.slice(1),
    'the number of the resident': RESIDENT_NUMBER.slice(1),
    'the number called': COLLEAGUE.slice(1),
    'the number shown': SHOWN_NUMBER.slice(1),
  };
  const { acsResourceId: _, ...hidden } = secrets;
  for (const [what, secret] of Object.entries(hidden))
    for (const [where, lines] of Object.entries({ printed, residentLog, stored }))
      expect(
        lines.filter((line) => line.includes(secret)).map((line) => line.slice(0, 300)),
        `${what} in ${where}`,
      ).toEqual([]);
  for (const [where, lines] of Object.entries({ printed, residentLog, stored }))
    expect(lines.flatMap(encodedJson), `JWTs and contexts in ${where}`).toEqual([]);
  expect(
    stored.some((row) => row.includes('…0191')),
    'the last four digits of the caller are kept',
  ).toBe(true);
});

/** Every row of every table as text. */
async function allRows(): Promise<string[]> {
  const { tablesConnectionString: connection } = test.system;
  const options = { allowInsecureConnection: true };
  const rows: string[] = [];
  // What relays leave for each other is encrypted.
  for await (const { name = '' } of TableServiceClient.fromConnectionString(connection, options).listTables())
    for await (const row of TableClient.fromConnectionString(connection, name, options).listEntities())
      rows.push(`${name} ${JSON.stringify({ ...row, sealed: undefined })}`);
  return rows;
}
