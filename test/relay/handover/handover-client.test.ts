import { createServer } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { CallOverError, handoverClient } from '../../../relay/handover/handover-client.ts';
import { handoverPath } from '../../../shared/wire/names.ts';
import { type RelayAction, verifyRelayProof } from '../../../shared/wire/signed/relay-proof.ts';
import { listenOnLoopback } from '../../support/loopback.ts';
import { RelayClock } from '../relay-clock.ts';

const CALL = { callId: '0123456789abcdef', ticketKey: 'a ticket key of at least thirty-two bytes' };

/** A control app that answers with these statuses in turn, the last one for all that follow. */
async function setUp(...statuses: readonly number[]) {
  const clock = new RelayClock(Date.now());
  const asked: { method: string; path: string; proof: string }[] = [];
  const server = createServer((request, response) => {
    const { method = '', url: path = '', headers } = request;
    asked.push({ method, path, proof: headers.authorization?.replace('Bearer ', '') ?? '' });
    response.writeHead(statuses[asked.length - 1] ?? statuses.at(-1) ?? 500).end('sealed');
  });
  const port = await listenOnLoopback(server);
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { clock, asked, client: handoverClient(`http://127.0.0.1:${port}`, clock) };
}

it('gets what is stored, or nothing, and hears that the call is over', async () => {
  const { client } = await setUp(200, 204, 409, 404);
  expect(await client.get(CALL)).toBe('sealed');
  expect(await client.get(CALL)).toBeUndefined();
  await expect(client.get(CALL)).rejects.toThrow(CallOverError);
  await expect(client.get(CALL), 'such as an address that is not that of the control app').rejects.toThrow(
    'the control app answered 404',
  );
});

it('asks with a proof that is signed for each request', async () => {
  const { client, clock, asked } = await setUp(204);
  await client.get(CALL);
  await clock.advance(3_600_000);
  await client.put(CALL, 'sealed');
  const path = handoverPath(CALL.callId);
  expect(asked).toMatchObject([
    { method: 'GET', path },
    { method: 'PUT', path },
  ]);
  const verify = (proof: string | undefined, action: RelayAction): Promise<void> =>
    verifyRelayProof(proof ?? '', { callId: CALL.callId, action }, [CALL.ticketKey], clock.nowMs());
  await verify(asked[1]?.proof, 'store-handover');
  await expect(verify(asked[1]?.proof, 'read-handover')).rejects.toThrow('another action');
  await expect(verify(asked[0]?.proof, 'read-handover')).rejects.toThrow('expired');
});

it('stores once more when that failed, and not when the control app has no use for it', async () => {
  const failing = await setUp(500);
  await expect(failing.client.put(CALL, 'sealed')).rejects.toThrow('the control app answered 500');
  expect(failing.asked).toHaveLength(2);
  const over = await setUp(409);
  await over.client.put(CALL, 'sealed');
  expect(over.asked).toHaveLength(1);
});
