import { randomBytes, randomUUID } from 'node:crypto';
import { CallAutomationClient } from '@azure/communication-call-automation';
import { describe, expect, it } from 'vitest';
import { startAcs } from '../../local/acs/server.ts';
import type { Step } from '../../local/phone/step.ts';
import { stepsToJson } from '../../local/phone/step-json.ts';
import { closedAfterEach } from '../support/closed-after-each.ts';
import { tone } from '../support/signals.ts';
import { until } from '../support/until.ts';
import { startWebhookReceiver } from '../support/webhook-receiver.ts';
import { acceptAll, CALLER, CONTROL_TOKEN, type WireEvent } from './acs-harness.ts';
import { samplesOf, startMediaServer } from './media/media-server.ts';

const startMedia = closedAfterEach(startMediaServer);
const OWN_NUMBER = '+14255550100';
const BEEP = tone(8_000, 16_000, 1_000);

/** The stand-in as it is, a number in its book of callees, and an application that calls it with Microsoft's client. */
const startCaller = closedAfterEach(async (callee: object, steps: readonly Step[] = []) => {
  const webhook = await startWebhookReceiver(acceptAll);
  const acs = await startAcs({
    port: 0,
    accessKey: randomBytes(32).toString('base64'),
    resourceId: randomUUID(),
    controlToken: CONTROL_TOKEN,
  });
  const entered = await fetch(`${acs.url}/control/callees`, {
    method: 'POST',
    headers: { authorization: `Bearer ${CONTROL_TOKEN}` },
    body: JSON.stringify({
      number: CALLER,
      afterMs: 10,
      maxMs: 60_000,
      steps: stepsToJson(steps),
      ...callee,
    }),
  });
  expect(entered.status, await entered.clone().text()).toBeLessThan(300);
  const client = new CallAutomationClient(acs.connectionString, { allowInsecureConnection: true });
  const callbacks = (): WireEvent[] =>
    webhook.requests.filter(({ url }) => url === '/cb').flatMap(({ body }) => JSON.parse(body));
  return {
    call: (options: Parameters<CallAutomationClient['createCall']>[2] = {}) =>
      client.createCall(
        {
          targetParticipant: { phoneNumber: CALLER },
          sourceCallIdNumber: { phoneNumber: OWN_NUMBER },
        },
        `${webhook.url}/cb`,
        options,
      ),
    callbacks,
    callback: (type: string) =>
      until(
        () => callbacks().find((event) => event.type === `Microsoft.Communication.${type}`),
        `the callback ${type}`,
      ),
    close: async () => {
      await acs.close();
      await webhook.close();
    },
  };
});

describe('somebody whom the application calls', () => {
  it.each([
    ['busy', 486],
    ['declines', 603],
  ])('who %s leads to CreateCallFailed', async (takes, code) => {
    const h = await startCaller({ takes });
    await h.call();
    const { data } = await h.callback('CreateCallFailed');
    expect(data).toMatchObject({ resultInformation: { code } });
    expect(h.callbacks().map(({ type }) => type)).toEqual(['Microsoft.Communication.CreateCallFailed']);
  });

  it('who does not answer is let go by the application', async () => {
    const h = await startCaller({ takes: 'noAnswer' });
    const { callConnection } = await h.call();
    expect((await callConnection.getCallConnectionProperties()).callConnectionState).toBe('connecting');
    await callConnection.hangUp(true);
    await h.callback('CallDisconnected');
    await expect(callConnection.getCallConnectionProperties()).rejects.toMatchObject({ statusCode: 404 });
    expect(h.callbacks().map(({ type }) => type)).not.toContain('Microsoft.Communication.CallConnected');
  });

  it('who has a voicemail is heard to the end of its tone, and then hangs up', async () => {
    const media = await startMedia();
    const audio = { samples: BEEP, sampleRateHz: 16_000 };
    const h = await startCaller({ takes: 'answers' }, [
      { type: 'wait', ms: 100 },
      { type: 'say', audio },
      { type: 'wait', ms: 100 },
      { type: 'hangUp' },
    ]);
    await h.call({
      mediaStreamingOptions: {
        transportType: 'websocket',
        audioChannelType: 'mixed',
        transportUrl: media.url,
        contentType: 'audio',
        startMediaStreaming: true,
      } as never,
    });
    await h.callback('CallConnected');
    await h.callback('CallDisconnected');
    const frames = media.connections[0]?.frames.filter(({ kind }) => kind === 'AudioData') ?? [];
    const heard = frames.flatMap((frame) => [...samplesOf(frame)]);
    const start = heard.findIndex((sample) => sample !== 0) - BEEP.findIndex((sample) => sample !== 0);
    expect(start, 'the tone comes after the pause').toBeGreaterThanOrEqual(1_600);
    expect(Int16Array.from(heard.slice(start, start + BEEP.length))).toEqual(BEEP);
  });
});
