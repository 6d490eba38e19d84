import { pino } from 'pino';
import { expect, it, vi } from 'vitest';
import type { RestartOutcome } from '../../../relay/operate/drain.ts';
import { StreamRestarts } from '../../../relay/operate/stream-restarts.ts';
import type { ProvableCall } from '../../../shared/wire/signed/relay-proof.ts';
import { RelayClock } from '../relay-clock.ts';

const LONGEST_WAIT_MS = 10_000;
const RESTART_WINDOW_MS = 60_000;
const MAX_RESTARTS = 3;
const RESTART_PAUSE_MS = 3_000;

const CALL_ID = '0123456789abcdef';
const TICKET_KEY = 'the key of the ticket of the call';
const CALL = { callId: CALL_ID, ticketKey: TICKET_KEY };

function setUp(outcome: RestartOutcome = 'accepted') {
  const clock = new RelayClock();
  const logged: string[] = [];
  const streamed = new Set<string>();
  const asked: [atMs: number, callId: string][] = [];
  const givenUp: ProvableCall[] = [];
  const restarts = new StreamRestarts({
    controlApp: {
      restartStreaming: ({ callId }) => {
        asked.push([clock.elapsedMs(), callId]);
        return Promise.resolve(outcome);
      },
    },
    isStreamed: (callId) => streamed.has(callId),
    onGivenUp: (call) => void givenUp.push(call),
    clock,
    log: pino({ level: 'info' }, { write: (line: string) => void logged.push(line) }),
  });
  return { clock, restarts, asked, givenUp, streamed, logged };
}

it('asks the control app at once for another stream in place of one that has died', () => {
  const { restarts, asked } = setUp();
  restarts.died(CALL);
  expect(asked).toEqual([[0, CALL_ID]]);
});

it('asks again for the same call after a pause only, and gives up after the third time in a minute', async () => {
  const { clock, restarts, asked, givenUp, logged } = setUp();
  for (let n = 0; n < 10; n += 1) {
    restarts.died(CALL);
    await clock.advance(1_000);
  }
  expect(asked.map(([atMs]) => atMs)).toEqual([0, RESTART_PAUSE_MS, 2 * RESTART_PAUSE_MS]);
  expect(asked).toHaveLength(MAX_RESTARTS);
  expect(givenUp[0]).toBe(CALL);
  expect(logged.join('')).toContain('gave up starting the stream of a call again');
  expect(logged.join('')).not.toContain(TICKET_KEY);
  await clock.advance(RESTART_WINDOW_MS);
  restarts.died(CALL);
  expect(asked, 'later it is another fault').toHaveLength(MAX_RESTARTS + 1);
});

it('keeps calls apart', () => {
  const { restarts, asked } = setUp();
  for (const callId of ['a', 'b', 'c', 'd', 'e']) restarts.died({ ...CALL, callId });
  expect(asked.map(([, callId]) => callId)).toEqual(['a', 'b', 'c', 'd', 'e']);
});

it('does not end a stream that has come in the meantime', async () => {
  const { clock, restarts, asked, streamed } = setUp();
  restarts.died(CALL);
  restarts.died(CALL);
  streamed.add(CALL_ID);
  await clock.advance(RESTART_PAUSE_MS);
  expect(asked).toHaveLength(1);
});

it('asks again when the control app did not answer, as often as for streams that die', async () => {
  const { clock, restarts, asked } = setUp('failed');
  restarts.died(CALL);
  await clock.advance(10 * RESTART_PAUSE_MS);
  expect(asked.map(([atMs]) => atMs)).toEqual([0, RESTART_PAUSE_MS, 2 * RESTART_PAUSE_MS]);
  expect(clock.pending).toBe(0);
});

it('asks again when the control app says that it may, where the call was restarted too often', async () => {
  const { clock, restarts, asked, givenUp } = setUp({ retryAfterMs: LONGEST_WAIT_MS });
  restarts.died(CALL);
  await clock.advance(LONGEST_WAIT_MS - 1);
  expect(asked).toHaveLength(1);
  await clock.advance(10 * LONGEST_WAIT_MS);
  expect(asked.map(([atMs]) => atMs)).toEqual([0, LONGEST_WAIT_MS, 2 * LONGEST_WAIT_MS]);
  expect(givenUp, 'the API says for half a minute at the most that the call is streamed').toEqual([CALL]);
});

it('gives up at once where it would have to wait for longer, since the API says that the call is streamed', async () => {
  const { clock, restarts, asked, givenUp } = setUp({ retryAfterMs: LONGEST_WAIT_MS + 1_000 });
  restarts.died(CALL);
  await clock.advance(0);
  expect(givenUp).toEqual([CALL]);
  await clock.advance(RESTART_WINDOW_MS);
  expect(asked).toHaveLength(1);
});

it.each(['accepted', 'over'] as const)('does not ask again when the answer is "%s"', async (outcome) => {
  const { clock, restarts, asked } = setUp(outcome);
  restarts.died(CALL);
  await clock.advance(RESTART_WINDOW_MS);
  expect(asked).toHaveLength(1);
});

it('asks nobody where the relay does not know the control app', () => {
  const clock = new RelayClock();
  const after = vi.spyOn(clock, 'after');
  new StreamRestarts({
    controlApp: undefined,
    isStreamed: () => false,
    onGivenUp: () => expect.unreachable('nobody would hear of it'),
    clock,
    log: pino({ level: 'silent' }),
  }).died(CALL);
  expect(after).not.toHaveBeenCalled();
});
