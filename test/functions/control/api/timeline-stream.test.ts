import { beforeEach, describe, expect, it } from 'vitest';
import { withoutWorker } from '../../../../functions/control/call/workers.ts';
import { handlerOf } from '../../../../functions/control/triggers/register-endpoints.ts';
import { signCallToken } from '../../../../shared/wire/signed/call-token.ts';
import { CONNECTED_ID, connectedCall, report } from '../../../support/connected-call.ts';
import {
  type Answer,
  type ControlFixture,
  type RequestOptions,
  TICKET_KEY,
} from '../../../support/control-fixture.ts';
import { expectProblem } from '../../../support/expect-problem.ts';

const STREAM_LASTS_MS = 120_000;
const MAX_STREAMS_PER_CALLER = 4;
const MAX_STREAMS = 100;
const UNREAD_MS = 5_000;
const MAX_WORKER_STREAMS = 50;

let fixture: ControlFixture;

beforeEach(async () => {
  fixture = await connectedCall();
});

interface StreamEvent {
  readonly id?: string;
  readonly event?: string;
  readonly data?: string;
}

/** The events of a stream's text; comments and the reconnection time are left out. */
function eventsOf(text: string): StreamEvent[] {
  return text
    .split('\n\n')
    .map((block) => Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2))))
    .filter((event) => event['data'] !== undefined);
}

function typesOf(events: readonly StreamEvent[]): string[] {
  return events.map(({ event, data }) => event ?? JSON.parse(data ?? '').type);
}

function open(lastEventId?: string): Promise<Answer> {
  const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
  return fixture.ask('streamTimeline', { params: { callId: CONNECTED_ID }, headers });
}

/** Opens a stream and reads its first event. */
async function reader(
  options: RequestOptions & { readonly hostCheck?: 'nothing' } = {},
): Promise<ReadableStreamDefaultReader<Uint8Array>> {
  const { hostCheck = 'function-key', ...rest } = options;
  const response = await fixture.respond(handlerOf('streamTimeline', fixture.load, hostCheck), {
    method: 'GET',
    params: { callId: CONNECTED_ID },
    ...rest,
  });
  const opened = (response.body as ReadableStream<Uint8Array>).getReader();
  await opened.read();
  return opened;
}

/** What happens while the stream sleeps for the n-th time. */
function whileItSleeps(happenings: Record<number, () => Promise<void>>): void {
  const { sleep } = fixture.deps.clock;
  let sleeps = 0;
  fixture.deps.clock.sleep = async (ms) => {
    await sleep(ms);
    sleeps += 1;
    await happenings[sleeps]?.();
  };
}

async function append(id: string, atMs: number): Promise<void> {
  await fixture.store.appendTimeline(CONNECTED_ID, { id, atMs, source: 'acs', type: id, details: {} });
}

describe('the timeline as server-sent events', () => {
  it('begins with what has happened, goes on with what happens, and ends after the end of the call', async () => {
    whileItSleeps({
      2: () => report(fixture, 'ParticipantsUpdated'),
      5: () => report(fixture, 'CallDisconnected'),
    });
    const { status, headers, text } = await open();
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(text).toMatch(/^retry: 1000\n\n/);
    const events = eventsOf(text);
    expect(typesOf(events)).toEqual([
      'IncomingCall',
      'AnswerSucceeded',
      'CallConnected',
      'ParticipantsUpdated',
      'CallDisconnected',
      'end',
    ]);
    const entries = (await fixture.ask('getTimeline', { params: { callId: CONNECTED_ID } })).json as {
      entries: unknown[];
    };
    expect(events.slice(0, -1).map(({ data }) => JSON.parse(data ?? ''))).toEqual(entries.entries);
    expect(fixture.streams.size, 'its place is free again').toBe(0);
  });

  it('ends for a worker that is taken off the call, and for nobody else', async () => {
    const detach = async (): Promise<void> => {
      await fixture.store.update(CONNECTED_ID, (call) => ({ call: withoutWorker(call, 'echo') }));
      await append('WorkerDetachSent', fixture.nowMs);
    };
    whileItSleeps({
      2: detach,
      5: () => report(fixture, 'ParticipantsUpdated'),
      8: () => report(fixture, 'CallDisconnected'),
    });
    const holder = { callId: CONNECTED_ID, worker: 'echo', expiresAtMs: fixture.nowMs + 600_000 };
    const headers = { authorization: `Bearer ${signCallToken(holder, TICKET_KEY)}` };
    const params = { callId: CONNECTED_ID };
    const ofWorker = await fixture.ask('streamTimeline', { hostCheck: 'nothing', params, headers });
    expect(typesOf(eventsOf(ofWorker.text)).at(-1)).toBe('WorkerDetachSent');
    expect(fixture.streams.size, 'its place is free again').toBe(0);
    expect(typesOf(eventsOf((await open()).text)).at(-1)).toBe('end');
  });

  it('goes on after the last event that was heard, and tells nothing twice', async () => {
    const first = eventsOf((await open()).text);
    await report(fixture, 'ParticipantsUpdated');
    await report(fixture, 'CallDisconnected');
    const rest = eventsOf((await open(first.at(-1)?.id)).text);
    expect(typesOf(rest)).toEqual(['ParticipantsUpdated', 'CallDisconnected', 'end']);
    const middle = eventsOf((await open(first[1]?.id)).text);
    expect(typesOf(middle)).toEqual(['CallConnected', 'ParticipantsUpdated', 'CallDisconnected', 'end']);
  });

  it('says that there is nothing more of a call that has ended, so that browsers do not ask again', async () => {
    await report(fixture, 'CallDisconnected');
    const heard = eventsOf((await open()).text).filter(({ id }) => id !== undefined);
    const again = await open(heard.at(-1)?.id);
    expect(again.status).toBe(204);
    expect(again.text).toBe('');
  });

  it('tells what is stored late and has happened before: at once, and to whoever comes back', async () => {
    const connectedMs = fixture.nowMs;
    whileItSleeps({
      3: () => append('Late', connectedMs - 1_000),
      8: () => report(fixture, 'CallDisconnected'),
    });
    const events = eventsOf((await open()).text);
    expect(typesOf(events)).toContain('Late');
    const beforeIt = events.findIndex(({ data }) => data?.includes('"Late"')) - 1;
    const back = eventsOf((await open(events[beforeIt]?.id)).text);
    expect(typesOf(back), 'the window is told again, since it has grown').toContain('Late');
  });

  it('lasts for a while, with a sign of life now and then, and ends by itself', async () => {
    const startedMs = fixture.nowMs;
    const { text } = await open();
    expect(fixture.nowMs - startedMs).toBeGreaterThanOrEqual(STREAM_LASTS_MS);
    expect(fixture.nowMs - startedMs).toBeLessThan(STREAM_LASTS_MS + 1_000);
    expect(text.match(/^: still here$/gm)?.length).toBe(7);
    expect(typesOf(eventsOf(text))).not.toContain('end');
  });

  it('tells each of thousands of entries once, of one moment too', async () => {
    for (let count = 0; count < 2_500; count += 1) await append(`e${count}`, fixture.nowMs + (count % 2));
    whileItSleeps({ 1: () => report(fixture, 'CallDisconnected') });
    const types = typesOf(eventsOf((await open()).text));
    expect(types.filter((type) => type.startsWith('e') && type !== 'end')).toHaveLength(2_500);
    expect(new Set(types).size).toBe(types.length);
  });

  it('ends without an error when storage goes away; who comes back goes on', async () => {
    whileItSleeps({
      2: async () => {
        fixture.store.outage = true;
      },
    });
    const { status, text } = await open();
    expect(status).toBe(200);
    expect(typesOf(eventsOf(text))).toEqual(['IncomingCall', 'AnswerSucceeded', 'CallConnected']);
    expect(fixture.logged.join('\n')).toContain('Storage failed, so the stream of a timeline was closed');
  });

  it('ends after any other error as well, since the host would leave the connection open', async () => {
    whileItSleeps({
      2: async () => {
        throw new RangeError('a fault of ours');
      },
    });
    const { status, text } = await open();
    expect(status).toBe(200);
    expect(typesOf(eventsOf(text))).toEqual(['IncomingCall', 'AnswerSucceeded', 'CallConnected']);
    expect(fixture.logged.join('\n')).toContain('RangeError');
    expect(fixture.logged.join('\n')).not.toContain('a fault of ours');
    expect(fixture.streams.size, 'its place is free again').toBe(0);
  });

  it('is refused with a wrong last event, for a call that there is not, and while there are too many', async () => {
    for (const id of ['1', '1.2.3', 'x.y', '-1.0', '9'.repeat(20)])
      expectProblem(await open(id), 'invalid-request');
    const nowhere = await fixture.ask('streamTimeline', { params: { callId: 'b'.repeat(32) } });
    expectProblem(nowhere, 'call-not-found');
    for (let count = 0; count < MAX_STREAMS; count += 1)
      fixture.streams.take({ id: `caller-${count}`, isWorker: false }, fixture.nowMs);
    const full = await open();
    expectProblem(full, 'too-many-streams');
    expect(full.headers.get('retry-after')).toBe('5');
    expect(full.json).toMatchObject({ detail: 'This instance already streams 100 timelines.' });
  });

  it('is refused to a caller who has four, and to nobody else', async () => {
    const readers = [];
    for (let count = 0; count < MAX_STREAMS_PER_CALLER; count += 1) readers.push(await reader());
    const full = await open();
    expectProblem(full, 'too-many-streams');
    expect(full.json).toMatchObject({ detail: 'This instance already streams 4 timelines to this caller.' });
    const token = signCallToken(
      { callId: CONNECTED_ID, worker: 'echo', expiresAtMs: fixture.nowMs + 60_000 },
      TICKET_KEY,
    );
    const other = await reader({ hostCheck: 'nothing', headers: { authorization: `Bearer ${token}` } });
    await readers[0]?.cancel();
    readers.push(await reader());
    for (const each of [other, ...readers]) await each.cancel();
    expect(fixture.streams.size).toBe(0);
  });

  it('leaves half of the places to others than workers, however many calls these are on', async () => {
    for (let count = 0; count < MAX_WORKER_STREAMS; count += 1)
      fixture.streams.take({ id: `call:${count}:echo`, isWorker: true }, fixture.nowMs);
    const token = signCallToken(
      { callId: CONNECTED_ID, worker: 'echo', expiresAtMs: fixture.nowMs + 60_000 },
      TICKET_KEY,
    );
    const refused = await fixture.respond(handlerOf('streamTimeline', fixture.load, 'nothing'), {
      method: 'GET',
      params: { callId: CONNECTED_ID },
      headers: { authorization: `Bearer ${token}` },
    });
    expect(refused.status).toBe(503);
    expect(String(refused.body)).toContain('This instance already streams 50 timelines to workers.');
    await (await reader()).cancel();
  });

  it('gives its place back at once when its reader goes while it waits', async () => {
    const { promise: never } = Promise.withResolvers<void>();
    fixture.deps.clock.sleep = () => never;
    const waiting = await reader();
    // The first events, then a read that waits for the next one.
    for (let count = 0; count < 3; count += 1) await waiting.read();
    const pending = waiting.read();
    await waiting.cancel();
    expect(fixture.streams.size).toBe(0);
    expect(await pending).toEqual({ done: true, value: undefined });
  });

  it('loses its place to others when nobody reads it, and then ends', async () => {
    const unread = await Promise.all([...Array(MAX_STREAMS_PER_CALLER)].map(() => reader()));
    fixture.nowMs += UNREAD_MS - 1;
    expectProblem(await open(), 'too-many-streams');
    fixture.nowMs += 1;
    const next = await reader();
    expect(fixture.streams.size).toBe(1);
    for (const each of unread) {
      const texts: string[] = [];
      for (;;) {
        const { done, value } = await each.read();
        if (done) break;
        texts.push(new TextDecoder().decode(value));
      }
      expect(texts.join('')).not.toContain('CallConnected');
    }
    await next.cancel();
  });

  it('gives its place back when nobody listens any longer', async () => {
    const listener = await reader();
    expect(fixture.streams.size).toBe(1);
    await listener.cancel();
    expect(fixture.streams.size).toBe(0);
  });
});
