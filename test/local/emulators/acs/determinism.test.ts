import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { CallAutomationClient } from '@azure/communication-call-automation';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import type { FaultPlan } from '../../../../local/emulators/acs/faults/fault-plan.ts';
import { startAcs } from '../../../../local/emulators/acs/server/acs.ts';
import { newAcsResource } from '../../../support/acs-resource.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { until } from '../../../support/until.ts';
import { startWebhookReceiver } from '../../../support/webhook-receiver.ts';
import { acceptAll, CALLED, CALLER } from './acs-fixture.ts';

const CALLBACK_COPIES = 2;
const EVENT_GRID_COPIES = 3;

/** Half of everything goes wrong somehow. */
const FAULTS: FaultPlan = {
  rules: [
    { on: 'rest', fault: 'error', status: 503, retryAfterMs: 1, probability: 0.5, count: 2 },
    { on: 'callback', fault: 'duplicate', copies: CALLBACK_COPIES, probability: 0.5 },
    { on: 'eventGrid', fault: 'duplicate', copies: EVENT_GRID_COPIES, probability: 0.5 },
  ],
};

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function startApplication(): Promise<{ url: string; messages: string[] }> {
  const messages: string[] = [];
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (socket) => {
    socket.on('message', (data) => messages.push(String(data)));
  });
  await once(server, 'listening');
  closers.push(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`, messages };
}

/** One call from its ring to its end on a clock of the test; gives the event log and what the application heard. */
async function runScript(seed: string): Promise<{ log: string; incoming: string; subscriptionId: string }> {
  // The client signs with the machine's own time, so the clock must begin there.
  const clock = new ManualClock(Date.now());
  const lines: string[] = [];
  const webhook = await startWebhookReceiver(acceptAll);
  const application = await startApplication();
  const acs = await startAcs({
    ...newAcsResource(),
    eventGrid: { endpoint: `${webhook.url}/events` },
    clock,
    seed,
    faults: FAULTS,
    eventLog: (line) => lines.push(line),
  });
  closers.push(acs.close, webhook.close);

  const call = acs.placeCall({ from: CALLER, to: CALLED, phone: { tailMs: 60_000, maxMs: 60_000 } });
  await until(settled, 'the IncomingCall');
  /** Whether all copies of all events have been answered, those that the faults have added included. */
  function settled(): boolean {
    const { 'eventGrid.duplicate': notified = 0, 'callback.duplicate': called = 0 } = acs.injectedFaults();
    const copies = call.events.length + (EVENT_GRID_COPIES - 1) * notified + (CALLBACK_COPIES - 1) * called;
    const attempts = call.events.reduce((sum, { delivery }) => sum + delivery.attempts, 0);
    return attempts === copies && call.events.every(({ delivery }) => delivery.result === 200);
  }
  const pass = async (ms: number, what: string, done: () => boolean): Promise<void> => {
    clock.advance(ms);
    await until(() => done() && settled(), what);
  };
  const has = (type: string): boolean => call.events.some((event) => event.type === type);

  const client = new CallAutomationClient(acs.connectionString, { allowInsecureConnection: true });
  await client.answerCall(call.ids.incomingCallContext, `${webhook.url}/cb`, {
    mediaStreamingOptions: {
      transportType: 'websocket',
      audioChannelType: 'mixed',
      transportUrl: application.url,
      startMediaStreaming: true,
    },
  });
  await pass(10, 'the media socket', () => call.connection?.subscription?.state === 'active');
  await pass(50, 'the connected call', () => has('CallConnected') && has('ParticipantsUpdated'));
  await pass(50, 'the started stream', () => has('MediaStreamingStarted'));
  for (let frame = 0; frame < 10; frame++) clock.advance(20);
  await until(() => application.messages.length > 10, 'frames timed by the clock of the test');
  await client.getCallConnection(call.ids.callConnectionId).getCallConnectionProperties();
  call.hangUpByCaller();
  await pass(20, 'the end of the call', () => has('CallDisconnected'));
  await acs.close();
  await webhook.close();
  return {
    log: lines.join('\n'),
    incoming: call.ids.incomingCallContext,
    subscriptionId: JSON.parse(application.messages[0] ?? '{}').audioMetadata.subscriptionId,
  };
}

describe('an emulator with a seed and a clock of the test', () => {
  it('writes the same event log, byte for byte, for the same script', async () => {
    const first = await runScript('seed-1');
    const second = await runScript('seed-1');
    expect(second.log).toBe(first.log);
    expect(second).toEqual(first);
    for (const kind of ['call', 'rest', 'callback', 'eventGrid', 'fault']) {
      expect(first.log, `the log must have lines of the kind ${kind}`).toContain(`"kind":"${kind}"`);
    }
    expect(first.log, 'phone numbers do not belong into a log').not.toContain(CALLER.slice(1));
  });

  it('writes another one for another seed', async () => {
    const first = await runScript('seed-1');
    const other = await runScript('seed-2');
    expect(other.log).not.toBe(first.log);
    expect(other.incoming).not.toBe(first.incoming);
  });
});
