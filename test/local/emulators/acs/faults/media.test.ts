import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { CallAutomationClient } from '@azure/communication-call-automation';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import type { Call } from '../../../../../local/emulators/acs/call/call.ts';
import type { FaultRuleInput } from '../../../../../local/emulators/acs/faults/fault-plan.ts';
import { startAcs } from '../../../../../local/emulators/acs/server/acs.ts';
import { newAcsResource } from '../../../../support/acs-resource.ts';
import { until } from '../../../../support/until.ts';
import { startWebhookReceiver } from '../../../../support/webhook-receiver.ts';
import { acceptAll, CALLED, CALLER } from '../acs-fixture.ts';

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A call of 20 frames whose media sockets have these faults; gives what the application was sent. */
async function runCall(rules: FaultRuleInput[]): Promise<{
  call: Call;
  frames: { timestamp: string }[];
  authorization: string | undefined;
  injected: Readonly<Record<string, number>>;
}> {
  const frames: { timestamp: string }[] = [];
  let authorization: string | undefined;
  const application = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(application, 'listening');
  application.on('connection', (socket, request) => {
    authorization = request.headers.authorization;
    socket.on('message', (data) => {
      const message = JSON.parse(String(data));
      if (message.kind === 'AudioData') frames.push(message.audioData);
    });
  });
  const webhook = await startWebhookReceiver(acceptAll);
  const acs = await startAcs({
    ...newAcsResource(),
    eventGrid: { endpoint: webhook.url },
    seed: 'media',
    faults: { rules },
  });
  closers.push(
    () => application.close(),
    () => webhook.close(),
    acs.close,
  );
  const call = acs.placeCall({ from: CALLER, to: CALLED, phone: { tailMs: 400, maxMs: 400 } });
  const client = new CallAutomationClient(acs.connectionString, { allowInsecureConnection: true });
  await client.answerCall(call.ids.incomingCallContext, `${webhook.url}/cb`, {
    mediaStreamingOptions: {
      transportType: 'websocket',
      audioChannelType: 'mixed',
      transportUrl: `ws://127.0.0.1:${(application.address() as AddressInfo).port}/`,
      startMediaStreaming: true,
    },
  });
  await until(() => call.state === 'disconnected', 'the call to end');
  return { call, frames, authorization, injected: acs.injectedFaults() };
}

describe('the media sockets of a call', () => {
  it('have the faults of the plan', async () => {
    const { call, frames, injected } = await runCall([
      { on: 'media', fault: 'lose', count: 5 },
      { on: 'media', fault: 'duplicate', skip: 10, count: 2 },
    ]);
    const sent = call.streamReports()[0]?.framesSent ?? 0;
    expect(injected).toEqual({ 'media.lose': 5, 'media.duplicate': 2 });
    await until(() => frames.length >= sent - 5 + 2, 'the frames that were not lost, and two twice');
    expect(frames).toHaveLength(sent - 5 + 2);
    expect(new Set(frames.map(({ timestamp }) => timestamp)).size).toBe(sent - 5);
  });

  it('are dialled with a token that ran out where the plan says so', async () => {
    const { authorization } = await runCall([{ on: 'token', fault: 'expired', for: 'media' }]);
    const claims = JSON.parse(Buffer.from(authorization?.split('.')[1] ?? '', 'base64url').toString());
    expect(claims.exp * 1_000).toBeLessThan(Date.now());
  });
});
