import { createServer } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { ControlAppClient } from '../../../relay/operate/control-app.ts';
import { listenOnLoopback } from '../../support/loopback.ts';
import { RelayClock } from '../relay-clock.ts';

const CALL = { callId: '0123456789abcdef', ticketKey: 'a ticket key of at least thirty-two bytes' };

async function client(status: number, headers: Record<string, string> = {}): Promise<ControlAppClient> {
  const server = createServer((_, response) => response.writeHead(status, headers).end());
  const port = await listenOnLoopback(server);
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return new ControlAppClient(`http://127.0.0.1:${port}`, new RelayClock(Date.now()));
}

it.each([
  [202, undefined, 'accepted'],
  [404, undefined, 'over'],
  [409, undefined, 'over'],
  [401, undefined, 'failed'],
  [503, '5', 'failed'],
  [429, '7', { retryAfterMs: 7_000 }],
  [429, undefined, { retryAfterMs: 1_000 }],
  [429, '0', { retryAfterMs: 1_000 }],
  [429, '86400', { retryAfterMs: 60_000 }],
  [429, 'Wed, 21 Oct 2026 07:28:00 GMT', { retryAfterMs: 1_000 }],
])('takes the answer %s with Retry-After %s to a restart for %j', async (status, retryAfter, outcome) => {
  const asking = await client(status, retryAfter === undefined ? {} : { 'retry-after': retryAfter });
  expect(await asking.restartStreaming(CALL)).toEqual(outcome);
});

it('says how the control app answers that a call is idle', async () => {
  expect(await (await client(422)).endIdle(CALL)).toBe(422);
});
