import { pino } from 'pino';
import { expect, it } from 'vitest';
import { StreamReports } from '../../../relay/operate/stream-reports.ts';
import { RelayClock } from '../relay-clock.ts';

const REPORT_ATTEMPTS = 3;
const REPORT_AFTER_MS = 3_000;

const CALL_ID = '0123456789abcdef';
const TICKET_KEY = 'a ticket key of at least thirty-two bytes';
const CALL = { callId: CALL_ID, ticketKey: TICKET_KEY };
const LONG_MS = 600_000;

function setUp(isKnown = true) {
  const clock = new RelayClock();
  const logged: string[] = [];
  const streamed = new Set<string>();
  const told: [atMs: number, callId: string, report: string][] = [];
  const reports = new StreamReports({
    controlApp: {
      reportStream: ({ callId }, report) => {
        told.push([clock.elapsedMs(), callId, report]);
        return Promise.resolve(isKnown);
      },
    },
    isStreamed: (callId) => streamed.has(callId),
    clock,
    log: pino({ level: 'info' }, { write: (line: string) => void logged.push(line) }),
  });
  return { clock, logged, streamed, told, reports };
}

it('tells the end of a stream a little later, when the control app mostly knows it from ACS', async () => {
  const { clock, told, reports } = setUp();
  reports.ended(CALL);
  await clock.advance(LONG_MS);
  expect(told).toEqual([[REPORT_AFTER_MS, CALL_ID, 'ended']]);
});

it('tells at once of a stream that it has given up', async () => {
  const { clock, told, reports } = setUp();
  reports.lost(CALL);
  await clock.advance(LONG_MS);
  expect(told).toEqual([[0, CALL_ID, 'lost']]);
});

it('tells nothing of a call whose next stream is here', async () => {
  const { clock, streamed, told, reports } = setUp();
  reports.ended(CALL);
  streamed.add(CALL_ID);
  reports.lost(CALL);
  await clock.advance(LONG_MS);
  expect(told).toEqual([]);
});

it('tells it again when the control app did not take it, a few times, and then says so in the log', async () => {
  const { clock, logged, told, reports } = setUp(false);
  reports.lost(CALL);
  await clock.advance(LONG_MS);
  expect(told).toHaveLength(REPORT_ATTEMPTS);
  expect(clock.pending).toBe(0);
  expect(logged).toHaveLength(1);
  expect(logged.join()).toContain(CALL_ID);
  expect(logged.join()).not.toContain(TICKET_KEY);
});
