import { beforeEach, describe, expect, it } from 'vitest';
import { workerNotes } from '../../../../functions/control/triggers/relay-requests.ts';
import { STORED_NOTES, type WorkerNote } from '../../../../shared/call/notes.ts';
import { relayProof } from '../../../support/call-ticket.ts';
import { PLAN } from '../../../support/calls.ts';
import { CONNECTED_ID, report, ring } from '../../../support/connected-call.ts';
import { type Answer, ControlFixture } from '../../../support/control-fixture.ts';
import { expectProblem } from '../../../support/expect-problem.ts';

let fixture: ControlFixture;

beforeEach(async () => {
  fixture = await callOf();
});

async function callOf(storeTranscripts?: true): Promise<ControlFixture> {
  const plan = { ...PLAN, ...(storeTranscripts === undefined ? {} : { storeTranscripts }) };
  const made = new ControlFixture([{ name: 'everyone', match: {}, action: 'answer', plan }]);
  await ring(made);
  await report(made, 'CallConnected');
  return made;
}

async function tell(body: unknown, callId = CONNECTED_ID): Promise<Answer> {
  const authorization = `Bearer ${await relayProof(fixture, 'notes', callId)}`;
  return await fixture.call(workerNotes(fixture.load), {
    params: { callId },
    headers: { authorization },
    body,
  });
}

let ids = 0;

function aNote(text: string, more: Partial<WorkerNote> = {}): WorkerNote {
  ids += 1;
  return { id: `note:${ids}`, atMs: fixture.nowMs, worker: 'menu', kind: 'note', text, ...more };
}

/** Tells so many texts, twenty at a time and at the rate of a relay. */
async function tellMany(count: number, more: Partial<WorkerNote> = {}): Promise<number> {
  let stored = 0;
  for (let left = count; left > 0; left -= 20) {
    fixture.nowMs += 3_000;
    const notes = Array.from({ length: Math.min(20, left) }, (_, index) =>
      aNote('hello', { atMs: fixture.nowMs + index, ...more }),
    );
    stored += ((await tell({ notes })).json as { stored: number }).stored;
  }
  return stored;
}

interface Timeline {
  readonly entries: readonly {
    readonly id: string;
    readonly atMs: number;
    readonly type: string;
    readonly source: string;
    readonly details: object;
  }[];
  readonly next?: string;
}

async function timeline(query: Record<string, string> = {}): Promise<Timeline> {
  const { json } = await fixture.ask('getTimeline', { params: { callId: CONNECTED_ID }, query });
  return json as Timeline;
}

const ofWorkers = async (): Promise<unknown[]> =>
  (await timeline()).entries.filter(({ source }) => source === 'worker');

describe('a text that a worker publishes', () => {
  it('replaces no other entry, though it has the id and time of one', async () => {
    const before = (await timeline()).entries;
    const [entry] = before;
    if (entry === undefined) throw new Error('the call has no timeline');
    await tell({ notes: [aNote('instead', { id: entry.id, atMs: entry.atMs })] });
    const { entries } = await timeline();
    expect(entries).toHaveLength(before.length + 1);
    expect(entries).toEqual(expect.arrayContaining([...before]));
  });

  it('is in the timeline of the call, with its worker, in the order in which the relay got them', async () => {
    const notes = [
      aNote('key 7'),
      aNote('and more', { atMs: fixture.nowMs + 1, worker: 'spy', isCut: true }),
    ];
    expect(await tell({ notes })).toMatchObject({ status: 200, json: { stored: 2 } });
    expect(await ofWorkers()).toEqual([
      {
        id: `text:${notes[0]?.id}`,
        atMs: notes[0]?.atMs,
        source: 'worker',
        type: 'Note',
        details: { worker: 'menu', text: 'key 7' },
      },
      {
        id: `text:${notes[1]?.id}`,
        atMs: notes[1]?.atMs,
        source: 'worker',
        type: 'Note',
        details: { worker: 'spy', text: 'and more', isCut: true },
      },
    ]);
    const shown = await fixture.ask('getCall', { params: { callId: CONNECTED_ID } });
    expect(shown.text).toContain('key 7');
  });

  it('is there once, although the relay sends it again', async () => {
    const notes = [aNote('key 7')];
    await tell({ notes });
    await tell({ notes });
    expect(await ofWorkers()).toHaveLength(1);
  });

  it('is taken after the end of the call, when the last ones come', async () => {
    await report(fixture, 'CallDisconnected');
    expect(await tell({ notes: [aNote('the summary')] })).toMatchObject({ json: { stored: 1 } });
    expect(await ofWorkers()).toHaveLength(1);
  });

  it('counts as published now where its time is not possible', async () => {
    await tell({ notes: [aNote('from the future', { atMs: fixture.nowMs + 86_400_000 })] });
    expect(await ofWorkers()).toMatchObject([{ atMs: fixture.nowMs }]);
  });

  it('is refused where the body is not what a relay sends, and changes nothing', async () => {
    const good = aNote('hello');
    for (const body of [
      undefined,
      {},
      { notes: [] },
      { notes: [{ ...good, worker: 'Not A Worker' }] },
      { notes: [{ ...good, kind: 'song' }] },
      { notes: [{ ...good, text: 'x'.repeat(1_001) }] },
      { notes: Array.from({ length: 21 }, () => good) },
    ])
      expectProblem(await tell(body), 'invalid-request');
    expectProblem(await tell({ notes: [good], more: 'x'.repeat(200_000) }), 'payload-too-large');
    expect(await ofWorkers()).toEqual([]);
    fixture.nowMs += 60_000;
    expectProblem(await tell({ notes: [good] }, 'fedcba9876543210'), 'call-not-found');
  });

  it('is taken 200 times of a call, and the last entry says that there is no more', async () => {
    expect(await tellMany(STORED_NOTES.note + 30)).toBe(STORED_NOTES.note);
    expect(await ofWorkers()).toHaveLength(200);
    const full = (await timeline()).entries.filter(({ type }) => type === 'NotesFull');
    expect(full).toMatchObject([{ source: 'control', details: { kind: 'note', count: 200 } }]);
    expect(fixture.logged.join()).not.toContain('hello');
  });

  it('displaces no other entry of what `getCall` shows', async () => {
    await tellMany(STORED_NOTES.note);
    const own = 1_000 - (await timeline()).entries.filter(({ source }) => source !== 'worker').length;
    for (let index = 0; index < own; index += 1)
      await fixture.store.appendTimeline(CONNECTED_ID, {
        id: `event-${index}`,
        atMs: fixture.nowMs + 100 + index,
        source: 'acs',
        type: 'ParticipantsUpdated',
        details: {},
      });
    const { json } = await fixture.ask('getCall', { params: { callId: CONNECTED_ID } });
    const shown = json as { timeline: Timeline['entries']; timelineTruncated: boolean };
    expect(shown.timeline.filter(({ source }) => source !== 'worker')).toHaveLength(1_000);
    expect(shown.timelineTruncated).toBe(false);
  });
});

describe('words that somebody spoke', () => {
  const spoken = { kind: 'transcript', worker: 'scribe' } as const;

  it('are stored nowhere unless the route says so, whatever a relay sends', async () => {
    expect(await tell({ notes: [aNote('good day', spoken), aNote('a note')] })).toMatchObject({
      json: { stored: 1 },
    });
    fixture.keyMayListen = true;
    expect(await ofWorkers()).toMatchObject([{ type: 'Note' }]);
  });

  it('are read by callers who may listen, and by no others', async () => {
    fixture = await callOf(true);
    await tell({ notes: [aNote('a note'), aNote('good day', { ...spoken, atMs: fixture.nowMs + 1 })] });
    await report(fixture, 'CallDisconnected');
    const stream = async (): Promise<string> =>
      (await fixture.ask('streamTimeline', { params: { callId: CONNECTED_ID } })).text;
    const newest = { order: 'desc', limit: '1000' };
    for (const read of [async () => JSON.stringify(await timeline(newest)), stream]) {
      fixture.keyMayListen = false;
      expect(await read()).not.toContain('good day');
      expect(await read()).toContain('a note');
      fixture.keyMayListen = true;
      expect(await read()).toContain('good day');
    }
    const { text } = await fixture.ask('getCall', { params: { callId: CONNECTED_ID } });
    expect(text, 'not among the first entries of a call').not.toContain('good day');
  });

  it('have a number of their own, and take no place of a note', async () => {
    fixture = await callOf(true);
    expect(await tellMany(STORED_NOTES.note, spoken)).toBe(STORED_NOTES.note);
    expect(await tellMany(1)).toBe(1);
  });
});
