import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { CallAutomationClient } from '@azure/communication-call-automation';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import type { Call } from '../../../../../local/emulators/acs/call/call.ts';
import { startAcs } from '../../../../../local/emulators/acs/server/acs.ts';
import { ScriptPhone } from '../../../../../local/phone/script-phone.ts';
import type { Step } from '../../../../../local/phone/step.ts';
import { newAcsResource } from '../../../../support/acs-resource.ts';
import { tone } from '../../../../support/signals.ts';
import { until } from '../../../../support/until.ts';
import { startWebhookReceiver } from '../../../../support/webhook-receiver.ts';
import { acceptAll, CALLED, CALLER, startAcsFixture } from '../acs-fixture.ts';
import { eventOf, listeningPhone, MediaOperationsFixture, wavFile } from './media-operations-fixture.ts';

const fixture = new MediaOperationsFixture();
afterEach(() => fixture.close());

const CALLER_ID = { phoneNumber: CALLER };

describe('a person who follows a script, on a call that is never streamed', () => {
  it('hears a prompt, presses a key, hears the next one, and answers in words', async () => {
    const f = await startAcsFixture();
    fixture.closeAfter(f.close);
    const files = await fixture.serveFiles({
      '/menu.wav': wavFile(8_000, 440),
      '/name.wav': wavFile(8_000, 880),
    });
    const ann = { samples: tone(1_600, 16_000, 300), sampleRateHz: 16_000 };
    const steps: Step[] = [
      { type: 'waitUntil', heard: { type: 'tone', hz: 440, forMs: 100 }, withinMs: 5_000 },
      { type: 'press', keys: '2' },
      { type: 'waitUntil', heard: { type: 'tone', hz: 880, forMs: 100 }, withinMs: 5_000 },
      { type: 'say', audio: ann, text: 'my name is Ann' },
      { type: 'wait', ms: 60_000 },
    ];
    let placed: Call | undefined;
    const { call, incomingCallContext } = await f.ring({
      phone: (rawId, onHangUp) =>
        new ScriptPhone({
          rawId,
          steps,
          maxMs: 60_000,
          onHangUp,
          onPress: (key) => placed?.line.press(key) === true,
          onWords: (words) => placed?.line.say(words),
        }),
    });
    placed = call;
    const { callConnection } = await f.client.answerCall(incomingCallContext, f.callbackUrl);
    await f.callback('CallConnected');
    const media = callConnection.getCallMedia();
    await media.startRecognizing(CALLER_ID, {
      kind: 'callMediaRecognizeDtmfOptions',
      maxTonesToCollect: 1,
      playPrompt: { kind: 'fileSource', url: `${files.url}/menu.wav` },
      operationContext: 'menu',
    });
    expect(await eventOf(f, 'menu', 'RecognizeCompleted')).toMatchObject({ dtmfResult: { tones: ['two'] } });
    await media.startRecognizing(CALLER_ID, {
      kind: 'callMediaRecognizeSpeechOptions',
      endSilenceTimeoutInSeconds: 0.1,
      playPrompt: { kind: 'fileSource', url: `${files.url}/name.wav` },
      operationContext: 'name',
    });
    expect(await eventOf(f, 'name', 'RecognizeCompleted')).toMatchObject({
      speechResult: { speech: 'my name is Ann' },
    });
  });
});

describe('a prompt on a call that is streamed', () => {
  it('is heard by the telephone, and is not what the application hears', async () => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    const heardByApplication: Buffer[] = [];
    server.on('connection', (socket) =>
      socket.on('message', (message) => {
        const frame = JSON.parse(String(message));
        if (frame.kind === 'AudioData') heardByApplication.push(Buffer.from(frame.audioData.data, 'base64'));
      }),
    );
    await once(server, 'listening');
    fixture.closeAfter(() => {
      for (const socket of server.clients) socket.terminate();
      return new Promise((resolve) => server.close(resolve));
    });
    const webhook = await startWebhookReceiver(acceptAll);
    const acs = await startAcs({
      ...newAcsResource(),
      eventGrid: { endpoint: `${webhook.url}/events` },
    });
    fixture.closeAfter(acs.close);
    fixture.closeAfter(webhook.close);
    const phone = listeningPhone(`4:${CALLER}`);
    const call = acs.placeCall({ from: CALLER, to: CALLED, phone: () => phone });
    const client = new CallAutomationClient(acs.connectionString, { allowInsecureConnection: true });
    const { callConnection } = await client.answerCall(call.ids.incomingCallContext, `${webhook.url}/cb`, {
      mediaStreamingOptions: {
        transportType: 'websocket',
        audioChannelType: 'mixed',
        transportUrl: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`,
        startMediaStreaming: true,
      },
    });
    const saw = (type: string): Promise<true> =>
      until(
        () => webhook.requests.some(({ body }) => body.includes(`Communication.${type}"`)) || false,
        type,
      );
    await saw('MediaStreamingStarted');
    await saw('CallConnected');
    const files = await fixture.serveFiles({ '/a.wav': wavFile(3_200, 440) });
    const playSource = { kind: 'fileSource' as const, url: `${files.url}/a.wav` };
    await callConnection.getCallMedia().playToAll([playSource]);
    await saw('PlayCompleted');
    const heard = phone.heard();
    const start = heard.findIndex((sample) => sample !== 0) - 1;
    expect(heard.subarray(start, start + 3_200), 'the file, in one piece').toEqual(tone(3_200, 16_000, 440));
    await until(() => heardByApplication.length > 10, 'the stream of the time of the prompt');
    expect(Buffer.concat(heardByApplication).every((byte) => byte === 0)).toBe(true);
    // After the stream, the next prompt is driven by the clock of the call; the telephone does not notice.
    await callConnection.getCallMedia().stopMediaStreaming();
    const before = phone.heard().length;
    await callConnection.getCallMedia().playToAll([playSource], { operationContext: 'second' });
    await until(() => phone.heard().length >= before + 3_200, 'the file again');
  });
});
