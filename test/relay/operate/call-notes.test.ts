import { pino } from 'pino';
import { expect, it } from 'vitest';
import { ATTEMPTS, GATHER_MS, MAX_WAITING, PAUSE_MS } from '../../../relay/operate/call-notes.ts';
import { MAX_UNDER_WAY, MAX_WAITING_IN_ALL, NoteOffice } from '../../../relay/operate/note-office.ts';
import { MAX_NOTE_CHARS, STORED_NOTES, type WorkerNote } from '../../../shared/call/notes.ts';
import {
  MAX_NOTES_BYTES,
  MAX_NOTES_PER_REQUEST,
  parseWorkerNotes,
} from '../../../shared/wire/relay/worker-notes.ts';
import { PLAN } from '../../support/calls.ts';
import { RelayClock } from '../relay-clock.ts';

type Outcome = number | 'refused' | 'failed';

const LONG_MS = 600_000;

interface Asked {
  readonly atMs: number;
  readonly callId: string;
  readonly texts: readonly string[];
  readonly notes: readonly WorkerNote[];
}

function setUp({ storeTranscripts = false, hasControlApp = true } = {}) {
  const clock = new RelayClock(1_800_000_000_000);
  const logged: string[] = [];
  const asked: Asked[] = [];
  const answering: { with: (notes: readonly WorkerNote[]) => Outcome | Promise<Outcome> } = {
    with: (notes) => notes.length,
  };
  let draws = 0;
  const office = new NoteOffice({
    controlApp: hasControlApp
      ? {
          enterNotes: async ({ callId }, notes) => {
            asked.push({ atMs: clock.elapsedMs(), callId, texts: notes.map(({ text }) => text), notes });
            return await answering.with(notes);
          },
        }
      : undefined,
    clock,
    random: () => {
      draws += 1;
      return (draws % 1_000) / 1_000;
    },
  });
  const log = pino({ level: 'info' }, { write: (line: string) => void logged.push(line) });
  const open = (callId = '0123456789abcdef') =>
    office.open({ callId, ticketKey: 'a ticket key', plan: { ...PLAN, storeTranscripts } }, log);
  return { clock, logged, asked, answering, office, open };
}

const note = (text: string) => ({ type: 'publish', text }) as const;
const spoken = (text: string) => ({ type: 'publish', text, kind: 'transcript' }) as const;

it('sends what a handler publishes in one request, a moment later', async () => {
  const { clock, asked, office, open } = setUp();
  const notes = open();
  notes.add('menu', note('first'));
  notes.add('menu', note('second'));
  notes.add('spy', note('third'));
  await clock.advance(GATHER_MS - 1);
  expect(asked).toEqual([]);
  await clock.advance(1);
  expect(asked.map(({ texts }) => texts)).toEqual([['first', 'second', 'third']]);
  expect(asked[0]?.notes.map(({ worker, kind }) => [worker, kind])).toEqual([
    ['menu', 'note'],
    ['menu', 'note'],
    ['spy', 'note'],
  ]);
  const times = asked[0]?.notes.map(({ atMs }) => atMs - 1_800_000_000_000);
  expect(times, 'in the order in which they came').toEqual([0, 1, 2]);
  expect(office.totals).toEqual({ stored: 3, dropped: {} });
});

it('asks no more often than the control app takes requests about one call', async () => {
  const { clock, asked, open } = setUp();
  const notes = open();
  for (let second = 0; second < 60; second += 1) {
    notes.add('menu', note(`${second}`));
    await clock.advance(1_000);
  }
  await clock.advance(PAUSE_MS);
  expect(asked.length).toBeLessThanOrEqual(21);
  expect(asked.flatMap(({ texts }) => texts)).toHaveLength(60);
  for (const [index, { atMs }] of asked.slice(1).entries())
    expect(atMs - (asked[index]?.atMs ?? 0)).toBeGreaterThanOrEqual(PAUSE_MS);
});

it('drops and counts what a worker publishes faster than it may, and logs it once', async () => {
  const { clock, asked, logged, office, open } = setUp();
  const notes = open();
  for (let text = 0; text < 30; text += 1) notes.add('menu', note(`${text}`));
  await clock.advance(LONG_MS);
  expect(asked.flatMap(({ texts }) => texts)).toHaveLength(20);
  expect(office.totals).toEqual({ stored: 20, dropped: { 'too fast': 10 } });
  expect(logged).toHaveLength(1);
  expect(logged[0], 'no text').not.toMatch(/"2\d"/);
});

it('sends no more of a stream than the timeline of a call may have', async () => {
  const { clock, asked, office, open } = setUp();
  const notes = open();
  for (let text = 0; text < STORED_NOTES.note + 5; text += 1) {
    notes.add('menu', note(`${text}`));
    await clock.advance(1_000);
  }
  await clock.advance(LONG_MS);
  expect(asked.flatMap(({ texts }) => texts)).toHaveLength(STORED_NOTES.note);
  expect(office.totals.dropped).toEqual({ 'too many of the call': 5 });
});

it('counts what the control app has no room for', async () => {
  const { clock, answering, office, open } = setUp();
  answering.with = () => 1;
  const notes = open();
  for (const text of ['a', 'b', 'c']) notes.add('menu', note(text));
  await clock.advance(LONG_MS);
  expect(office.totals).toEqual({ stored: 1, dropped: { 'too many of the call': 2 } });
});

it('keeps words that somebody spoke to itself, unless the route stores them', async () => {
  const silent = setUp();
  silent.open().add('scribe', spoken('my name is Rumpelstiltskin'));
  await silent.clock.advance(LONG_MS);
  expect(silent.asked).toEqual([]);
  expect(silent.office.totals).toEqual({ stored: 0, dropped: {} });
  const storing = setUp({ storeTranscripts: true });
  storing.open().add('scribe', spoken('good day'));
  await storing.clock.advance(LONG_MS);
  expect(storing.asked[0]?.notes).toMatchObject([{ kind: 'transcript', text: 'good day' }]);
});

it('takes transcripts at a rate of their own, so that they displace no note', async () => {
  const { clock, asked, open } = setUp({ storeTranscripts: true });
  const notes = open();
  for (let text = 0; text < 30; text += 1) notes.add('scribe', spoken(`${text}`));
  notes.add('menu', note('key 7'));
  await clock.advance(LONG_MS);
  expect(asked.flatMap(({ texts }) => texts)).toHaveLength(21);
  expect(asked.flatMap(({ texts }) => texts)).toContain('key 7');
});

it('cuts a long text, at a whole character, and says so', async () => {
  const { clock, asked, open } = setUp();
  const notes = open();
  notes.add('menu', note('😀'.repeat(MAX_NOTE_CHARS)));
  notes.add('menu', note(`x${'😀'.repeat(MAX_NOTE_CHARS)}`));
  notes.add('menu', note('x'.repeat(MAX_NOTE_CHARS)));
  await clock.advance(LONG_MS);
  const sent = asked[0]?.notes ?? [];
  expect(sent.map(({ text }) => text.length)).toEqual([MAX_NOTE_CHARS, MAX_NOTE_CHARS, MAX_NOTE_CHARS]);
  expect(sent.map(({ isCut }) => isCut)).toEqual([true, true, undefined]);
  for (const { text } of sent) expect(text.isWellFormed()).toBe(true);
});

it('fits into a request whatever the texts are', () => {
  const worst: WorkerNote = {
    id: 'transcript:1800000000000:aaaaaaaaaa',
    atMs: 1_800_000_000_000,
    worker: `w${'x'.repeat(62)}`,
    kind: 'transcript',
    text: '\u0001'.repeat(MAX_NOTE_CHARS),
    isCut: true,
  };
  const body = { notes: Array.from({ length: MAX_NOTES_PER_REQUEST }, () => worst) };
  expect(JSON.stringify(body).length).toBeLessThanOrEqual(MAX_NOTES_BYTES);
  expect(parseWorkerNotes(body)).toEqual(body.notes);
});

it('tries again while the control app is away, with the same texts, and then gives them up', async () => {
  const { clock, asked, answering, office, open } = setUp();
  let failures = 1;
  answering.with = (notes) => {
    failures -= 1;
    return failures < 0 ? notes.length : 'failed';
  };
  const notes = open();
  notes.add('menu', note('first'));
  await clock.advance(LONG_MS);
  expect(asked.map(({ notes: [each] }) => each)).toEqual([asked[0]?.notes[0], asked[0]?.notes[0]]);
  failures = ATTEMPTS;
  notes.add('menu', note('second'));
  await clock.advance(LONG_MS);
  expect(asked).toHaveLength(2 + ATTEMPTS);
  expect(office.totals).toEqual({ stored: 1, dropped: { 'control app away': 1 } });
  notes.add('menu', note('third'));
  await clock.advance(LONG_MS);
  expect(office.totals.stored, 'and goes on').toBe(2);
});

it('does not repeat what the control app refuses', async () => {
  const { clock, asked, answering, office, open } = setUp();
  answering.with = () => 'refused';
  open().add('menu', note('first'));
  await clock.advance(LONG_MS);
  expect(asked).toHaveLength(1);
  expect(office.totals.dropped).toEqual({ 'refused by the control app': 1 });
});

it('keeps a bounded number of texts of a stream while the control app does not answer', async () => {
  const { clock, answering, office, open } = setUp();
  answering.with = () => new Promise(() => {});
  const notes = open();
  for (let text = 0; text < MAX_WAITING + 7; text += 1) {
    notes.add('menu', note(`${text}`));
    await clock.advance(1_000);
  }
  expect(office.totals.dropped).toEqual({ 'too many waiting': 7 });
});

it('keeps a bounded number of texts and requests of all streams', async () => {
  const { clock, asked, answering, office, open } = setUp();
  const waiting: (() => void)[] = [];
  answering.with = (notes) =>
    new Promise((resolve) => {
      waiting.push(() => resolve(notes.length));
    });
  const streams = Array.from({ length: MAX_WAITING_IN_ALL + 3 }, (_, index) => open(`call${index}`));
  for (const stream of streams) stream.add('menu', note('hello'));
  await clock.advance(GATHER_MS);
  expect(asked).toHaveLength(MAX_UNDER_WAY);
  expect(office.totals.dropped).toEqual({ 'too many waiting': 3 });
  for (let answered = 0; answered < MAX_WAITING_IN_ALL; answered += 1) {
    waiting.shift()?.();
    await clock.advance(0);
    expect(waiting.length).toBeLessThanOrEqual(MAX_UNDER_WAY);
  }
  expect(office.totals.stored).toBe(MAX_WAITING_IN_ALL);
  expect(asked.map(({ callId }) => callId)).toEqual(
    streams.slice(0, MAX_WAITING_IN_ALL).map((_, index) => `call${index}`),
  );
});

it('sends what waits at once when the stream is over, and says when nothing waits any more', async () => {
  const { clock, asked, office, open } = setUp();
  const notes = open();
  notes.add('menu', note('first'));
  await clock.advance(GATHER_MS);
  for (let text = 0; text < 15; text += 1) notes.add('menu', note(`${text}`));
  let isSettled = false;
  const settled = office.settled().then(() => {
    isSettled = true;
  });
  await clock.advance(0);
  expect(isSettled).toBe(false);
  notes.end();
  await clock.advance(0);
  expect(asked.flatMap(({ texts }) => texts)).toHaveLength(16);
  await settled;
  await office.settled();
});

it('drops every text where the relay does not know the control app', async () => {
  const { clock, office, open } = setUp({ hasControlApp: false });
  open().add('menu', note('hello'));
  await clock.advance(LONG_MS);
  expect(office.totals).toEqual({ stored: 0, dropped: { 'no control app': 1 } });
  await office.settled();
});
