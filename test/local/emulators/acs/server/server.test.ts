import { fork } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { CallAutomationClient } from '@azure/communication-call-automation';
import { afterEach, describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import type { CallReport } from '../../../../../local/emulators/acs/control/call-report.ts';
import { startAcs } from '../../../../../local/emulators/acs/server/acs.ts';
import { newAcsResource } from '../../../../support/acs-resource.ts';
import { COMPILED } from '../../../../support/compiled.ts';
import { ManualClock } from '../../../../support/manual-clock.ts';
import { speechLike } from '../../../../support/signals.ts';
import { until } from '../../../../support/until.ts';
import { startWebhookReceiver } from '../../../../support/webhook-receiver.ts';
import { acceptAll, CALLED, CALLER, CONTROL_TOKEN } from '../acs-fixture.ts';

const FRAME_MS = 20;
/** Until a process of its own has started and ended. */
const PROCESS_LIMIT_MS = 60_000;

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** An application that sends back every frame it gets. */
async function startEcho(): Promise<string> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (socket: WebSocket) => {
    socket.on('message', (message) => {
      const frame = JSON.parse(String(message));
      if (frame.kind !== 'AudioData') return;
      socket.send(JSON.stringify({ kind: 'AudioData', audioData: { data: frame.audioData.data } }));
    });
  });
  await once(server, 'listening');
  closers.push(
    () =>
      new Promise((resolve) => {
        for (const socket of server.clients) socket.terminate();
        server.close(resolve);
      }),
  );
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/media`;
}

describe('the whole emulator', () => {
  it('gives an application up that does not accept the media socket in the time that its behaviour allows', async () => {
    const mute = createServer().listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const webhook = await startWebhookReceiver(acceptAll);
    const acs = await startAcs({
      ...newAcsResource(),
      controlToken: CONTROL_TOKEN,
      eventGrid: { endpoint: webhook.url },
      behaviour: { mediaHandshakeMs: 20 },
    });
    closers.push(acs.close, webhook.close, () => mute.close());
    const call = acs.placeCall({ from: CALLER, to: CALLED, phone: { tailMs: 1_000, maxMs: 60_000 } });
    const client = new CallAutomationClient(acs.connectionString, { allowInsecureConnection: true });
    await client.answerCall(call.ids.incomingCallContext, `${webhook.url}/cb`, {
      mediaStreamingOptions: {
        transportType: 'websocket',
        audioChannelType: 'mixed',
        transportUrl: `ws://127.0.0.1:${(mute.address() as AddressInfo).port}/`,
        startMediaStreaming: true,
      },
    });
    await until(
      () =>
        webhook.requests.some(({ body }) => body.includes('Microsoft.Communication.MediaStreamingFailed')),
      'MediaStreamingFailed',
    );
  });

  it('lets a scripted caller hear its own words from an application that echoes', async () => {
    const transportUrl = await startEcho();
    const webhook = await startWebhookReceiver(acceptAll);
    // The client signs with the machine's own time, so the clock must begin there.
    const clock = new ManualClock(Date.now());
    const acs = await startAcs({
      ...newAcsResource(),
      controlToken: CONTROL_TOKEN,
      eventGrid: { endpoint: webhook.url },
      clock,
    });
    closers.push(acs.close, webhook.close);
    const control = (path: string, init: RequestInit = {}): Promise<Response> =>
      fetch(`${acs.url}/control/${path}`, { ...init, headers: { authorization: `Bearer ${CONTROL_TOKEN}` } });

    const speech = speechLike(6_400, 16_000);
    const audio = Buffer.from(speech.buffer).toString('base64');
    const placed = await control('calls', {
      method: 'POST',
      body: JSON.stringify({
        from: CALLER,
        to: CALLED,
        speech: { audio, sampleRateHz: 16_000 },
        tailMs: 300,
        maxMs: 5_000,
      }),
    });
    const { id } = (await placed.json()) as { id: string };
    const incoming = await until(
      () => webhook.requests.find(({ body }) => body.includes('Microsoft.Communication.IncomingCall')),
      'the IncomingCall event',
    );
    const client = new CallAutomationClient(acs.connectionString, { allowInsecureConnection: true });
    await client.answerCall(JSON.parse(incoming.body)[0].data.incomingCallContext, `${webhook.url}/cb`, {
      mediaStreamingOptions: {
        transportType: 'websocket',
        audioChannelType: 'mixed',
        transportUrl,
        startMediaStreaming: true,
        enableBidirectional: true,
      },
    });
    const look = async (): Promise<CallReport> => (await (await control(`calls/${id}`)).json()) as CallReport;
    clock.advance(100);
    await until(async () => (await look()).mediaSubscription?.state === 'active', 'the media stream');
    // A frame passes when the application has sent the one before back, so that the caller hears it in time.
    const report = await until(
      async () => {
        const view = await look();
        const waits = view.streams.some((stream) => stream.audioMessagesReceived < stream.framesSent);
        if (!waits || view.state !== 'connected') clock.advance(FRAME_MS);
        return view.state === 'disconnected' && view;
      },
      'the caller to hang up',
      15_000,
    );
    expect(report.outcome).toBe('hungUpByCaller');
    expect(report.streams).toHaveLength(1);
    expect(report.streams[0]?.framesSent).toBeGreaterThanOrEqual(20);
    expect(report.streams[0]?.samplesPlayed).toBeGreaterThanOrEqual(6_400);
    expect(report.firstAudioMs).toBeGreaterThanOrEqual(0);

    const samples = async (path: string): Promise<Int16Array> => {
      const response = await control(`calls/${id}/${path}`);
      expect(response.headers.get('x-sample-rate-hz')).toBe('16000');
      return new Int16Array(await response.arrayBuffer());
    };
    const said = await samples('said');
    const heard = await samples('heard');
    expect(said.subarray(0, 6_400), 'the caller said its words from the first frame on').toEqual(speech);
    const start = heard.findIndex((sample) => sample !== 0);
    const first = speech.findIndex((sample) => sample !== 0);
    expect(start, 'something was heard').toBeGreaterThan(first);
    expect(heard.subarray(start - first, start - first + 320), 'the first frame came back unchanged').toEqual(
      speech.subarray(0, 320),
    );
  });
});

describe('the process', () => {
  function run(args: string[], env: Record<string, string>) {
    const child = fork(new URL('../../../../../local/emulators/acs/main.ts', import.meta.url), args, {
      env: { PATH: process.env['PATH'] ?? '', ...COMPILED, ...env },
      execArgv: [],
      silent: true,
    });
    closers.push(() => child.kill('SIGKILL'));
    let errors = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    return { child, errors: () => errors };
  }

  it(
    'says that it is ready and stops when told',
    async () => {
      const { child } = run(['--port', '0'], {
        ACS_ACCESS_KEY: randomBytes(32).toString('base64'),
        ACS_RESOURCE_ID: randomUUID(),
      });
      const [message] = await once(child, 'message');
      expect(message).toMatchObject({
        type: 'ready',
        url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      });
      expect((await fetch(`${message.url}/calling/keys`)).status).toBe(200);
      child.kill('SIGTERM');
      expect(await once(child, 'exit')).toEqual([0, null]);
    },
    PROCESS_LIMIT_MS,
  );

  it.each([
    [['--port', '0'], {}, 'ACS_ACCESS_KEY'],
    [['--port', 'many'], { ACS_ACCESS_KEY: 'x' }, '--port'],
  ])(
    'ends with one sentence when it cannot start (%j)',
    async (args, env, name) => {
      const { child, errors } = run(args, env);
      // Its end may be known before the last of its output has been read.
      expect(await once(child, 'close')).toEqual([1, null]);
      expect(errors().trim().split('\n')).toHaveLength(1);
      expect(errors()).toContain(name);
    },
    PROCESS_LIMIT_MS,
  );
});
