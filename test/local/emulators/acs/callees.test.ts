import type { CreateCallOptions, CreateCallResult } from '@azure/communication-call-automation';
import {
  createIdentifierFromRawId,
  getIdentifierKind,
  getIdentifierRawId,
} from '@azure/communication-common';
import { describe, expect, it } from 'vitest';
import type { Step } from '../../../../local/phone/step.ts';
import { ScriptClient } from '../../../../local/run/client/script-client.ts';
import { type CallingApplication, startCallingApplication } from '../../../support/calling-application.ts';
import { closedAfterEach } from '../../../support/closed-after-each.ts';
import { RAW_IDS } from '../../../support/raw-ids.ts';
import { tone } from '../../../support/signals.ts';
import { until } from '../../../support/until.ts';
import { CALLER } from './acs-fixture.ts';
import { samplesOf, startMediaServer } from './media/media-server.ts';

const startMedia = closedAfterEach(startMediaServer);
const startApplication = closedAfterEach(startCallingApplication);
const OWN_NUMBER = '+14255550100';
const BEEP = tone(8_000, 16_000, 1_000);

/** The emulator as it is, a number in its book of callees, and an application that calls it with Microsoft's client. */
async function startCaller(
  takes: string,
  steps: readonly Step[] = [],
): Promise<{ app: CallingApplication; call: (options?: CreateCallOptions) => Promise<CreateCallResult> }> {
  const app = await startApplication();
  await new ScriptClient(app.system).enterCallee(CALLER, takes, 10, steps, 60_000);
  const invite = {
    targetParticipant: { phoneNumber: CALLER },
    sourceCallIdNumber: { phoneNumber: OWN_NUMBER },
  };
  return { app, call: (options = {}) => app.client.createCall(invite, app.callbackUrl, options) };
}

describe('somebody whom the application calls', () => {
  it.each([
    ['busy', 486],
    ['declines', 603],
  ])('who %s leads to CreateCallFailed', async (takes, code) => {
    const { app, call } = await startCaller(takes);
    await call();
    expect(await app.event('CreateCallFailed')).toMatchObject({ resultInformation: { code } });
    await app.event('CallDisconnected');
    expect(app.types()).toEqual(['CreateCallFailed', 'CallDisconnected']);
  });

  it('may be anybody whom the SDK can name, and is named the same by the service', async () => {
    const app = await startApplication();
    const book = new ScriptClient(app.system);
    for (const rawId of RAW_IDS) {
      await book.enterCallee(rawId, 'answers', 1, [], 60_000);
      const identifier = createIdentifierFromRawId(rawId);
      // The SDK calls nobody whom it does not know.
      if (identifier.kind === 'unknown') continue;
      const invite = { targetParticipant: identifier, sourceCallIdNumber: { phoneNumber: OWN_NUMBER } };
      const { callConnection } = await app.client.createCall(invite as never, app.callbackUrl);
      const isHere = async () =>
        (await callConnection.listParticipants()).values?.flatMap(({ identifier: each }) => each ?? []);
      const participants = await until(async () => {
        const found = await isHere().catch(() => undefined);
        return (found?.length ?? 0) > 1 && found;
      }, `${rawId} to answer`);
      const kinds = participants.map((each) => [getIdentifierRawId(each), getIdentifierKind(each).kind]);
      expect(kinds).toContainEqual([rawId, identifier.kind]);
      expect(await book.rings(rawId)).toBe(1);
      await callConnection.hangUp(true);
    }
  });

  it('who does not answer is let go by the application', async () => {
    const { app, call } = await startCaller('noAnswer');
    const { callConnection } = await call();
    expect((await callConnection.getCallConnectionProperties()).callConnectionState).toBe('connecting');
    await callConnection.hangUp(true);
    await app.event('CallDisconnected');
    await expect(callConnection.getCallConnectionProperties()).rejects.toMatchObject({ statusCode: 404 });
    expect(app.types()).not.toContain('CallConnected');
  });

  it('who has a voicemail is heard to the end of its tone, and then hangs up', async () => {
    const media = await startMedia();
    const audio = { samples: BEEP, sampleRateHz: 16_000 };
    const { app, call } = await startCaller('answers', [
      { type: 'wait', ms: 100 },
      { type: 'say', audio },
      { type: 'wait', ms: 100 },
      { type: 'hangUp' },
    ]);
    await call({
      mediaStreamingOptions: {
        transportType: 'websocket',
        audioChannelType: 'mixed',
        transportUrl: media.url,
        contentType: 'audio',
        startMediaStreaming: true,
      } as never,
    });
    await app.event('CallConnected');
    await app.event('CallDisconnected');
    await until(() => media.connections[0]?.closeCode !== undefined, 'the end of the media socket');
    const frames = media.connections[0]?.frames.filter(({ kind }) => kind === 'AudioData') ?? [];
    const heard = frames.flatMap((frame) => [...samplesOf(frame)]);
    const start = heard.findIndex((sample) => sample !== 0) - BEEP.findIndex((sample) => sample !== 0);
    expect(start, 'the tone comes after the pause').toBeGreaterThanOrEqual(1_600);
    expect(Int16Array.from(heard.slice(start, start + BEEP.length))).toEqual(BEEP);
  });
});
