import { afterEach, describe, expect, it } from 'vitest';
import { openMediaStream } from '../../../../../local/emulators/acs/media/media-stream.ts';
import type { Step } from '../../../../../local/phone/step.ts';
import { stepsToJson } from '../../../../../local/phone/step-json.ts';
import { tone } from '../../../../support/signals.ts';
import { until } from '../../../../support/until.ts';
import { type AcsFixture, CALLED, CALLER, startAcsFixture } from '../acs-fixture.ts';
import { type MediaServer, samplesOf, startMediaServer } from '../media/media-server.ts';

const RATE = 16_000;

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function start(): Promise<{ f: AcsFixture; media: MediaServer }> {
  const media = await startMediaServer();
  const f = await startAcsFixture({ openMediaStream });
  cleanUps.push(
    () => media.close(),
    () => f.close(),
  );
  return { f, media };
}

/** Says a tone of this loudness for a while. */
function sayTone(amplitude: number, ms = 10_000): Step {
  const samples = tone((ms * RATE) / 1_000, RATE, 440).map((sample) => (sample / 16_000) * amplitude);
  return { type: 'say', audio: { samples, sampleRateHz: RATE } };
}

async function post(f: AcsFixture, path: string, body: object): Promise<Response> {
  const response = await f.control('POST', path, body);
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return response;
}

/** Rings with a script, and lets the application answer with unmixed media. */
async function answeredScript(f: AcsFixture, media: MediaServer, steps: readonly Step[]): Promise<string> {
  const placed = await post(f, 'scripts', { from: CALLER, to: CALLED, steps: stepsToJson(steps) });
  const { id } = (await placed.json()) as { id: string };
  const request = await until(
    () =>
      f.webhook.requests.find(({ url, body }) => url === '/events' && body.includes('incomingCallContext')),
    'the IncomingCall',
  );
  const { incomingCallContext } = JSON.parse(request.body)[0].data;
  await f.client.answerCall(incomingCallContext, f.callbackUrl, {
    mediaStreamingOptions: {
      transportUrl: media.url,
      transportType: 'websocket',
      contentType: 'audio',
      audioChannelType: 'unmixed',
      startMediaStreaming: true,
      enableBidirectional: true,
      enableDtmfTones: true,
      audioFormat: 'Pcm16KMono',
    },
  });
  await f.callback('CallConnected');
  return id;
}

describe('a call with a script', () => {
  it('says, presses keys and hangs up, and tells what became of each step and what was heard', async () => {
    const { f, media } = await start();
    const steps: Step[] = [
      sayTone(8_000, 100),
      { type: 'press', keys: '5#' },
      { type: 'expect', hear: { type: 'speech', forMs: 20 }, withinMs: 100 },
      { type: 'hangUp' },
    ];
    const id = await answeredScript(f, media, steps);
    await f.callback('CallDisconnected');
    const { phones } = (await (await f.control('GET', `scripts/${id}`)).json()) as {
      phones: { rawId: string; steps: { type: string; status: string }[] }[];
    };
    expect(phones.map(({ rawId }) => rawId)).toEqual([`4:${CALLER}`]);
    expect(phones[0]?.steps.map(({ type, status }) => `${type} ${status}`)).toEqual([
      'say done',
      'press done',
      'expect failed',
      'hangUp done',
    ]);
    await until(() => media.connections[0]?.closeCode !== undefined, 'the end of the media socket');
    const keys = media.connections[0]?.frames.filter(({ kind }) => kind === 'DtmfData');
    expect(keys?.map(({ json }) => json.dtmfData?.data)).toEqual(['5', '#']);
    const said = new Int16Array(await (await f.control('GET', `scripts/${id}/said`)).arrayBuffer());
    expect(said.subarray(0, 1_600)).toEqual(
      tone(1_600, RATE, 440).map((sample) => (sample / 16_000) * 8_000),
    );
  });

  it('can have five phones, of which unmixed audio carries the four loudest', async () => {
    const { f, media } = await start();
    const id = await answeredScript(f, media, [sayTone(6_000)]);
    const others = [1_000, 7_000, 8_000, 9_000].map((amplitude, index) => ({
      number: `+1425555018${index}`,
      amplitude,
    }));
    for (const { number, amplitude } of others) {
      await post(f, `scripts/${id}/phones`, { from: number, steps: stepsToJson([sayTone(amplitude)]) });
    }
    const frames = () => media.connections[0]?.frames.filter(({ kind }) => kind === 'AudioData') ?? [];
    const speakersAt = () => {
      const all = frames();
      const newest = all.at(-5)?.json.audioData?.timestamp;
      return all.filter(({ json }) => json.audioData?.timestamp === newest);
    };
    const loudest = [CALLER, '+14255550181', '+14255550182', '+14255550183'].map((number) => `4:${number}`);
    const four = await until(() => {
      const speakers = speakersAt();
      const names = speakers.map(({ json }) => json.audioData?.participantRawID);
      return names.length === 4 && loudest.every((name) => names.includes(name)) ? speakers : undefined;
    }, 'frames of the four loudest');
    const peaks = four.map((frame) => Math.max(...samplesOf(frame)));
    for (const [index, amplitude] of [6_000, 7_000, 8_000, 9_000].entries()) {
      expect(peaks[index], `the peak of ${loudest[index]}`).toBeGreaterThan(amplitude * 0.95);
      expect(peaks[index]).toBeLessThanOrEqual(amplitude);
    }
  });

  it('refuses what it does not understand, and calls that it does not know', async () => {
    const { f } = await start();
    const refused = await f.control('POST', 'scripts', {
      from: CALLER,
      to: CALLED,
      steps: [{ type: 'jump' }],
    });
    expect(refused.status).toBe(400);
    expect(await refused.text()).toContain('steps.0.type');
    expect((await f.control('GET', 'scripts/none')).status).toBe(404);
    expect((await f.control('POST', 'scripts/none/phones', { from: CALLER, steps: [] })).status).toBe(404);
    expect((await f.control('POST', 'scripts', {}, 'another token')).status).toBe(404);
  });
});

describe('a callee on the control surface', () => {
  it.each([
    ['answers', 'CallConnected'],
    ['busy', 'CreateCallFailed'],
    ['declines', 'CreateCallFailed'],
  ])('that %s makes a call of the application end up in %s', async (takes, event) => {
    const { f } = await start();
    const steps = stepsToJson([{ type: 'wait', ms: 20 }, { type: 'hangUp' }]);
    await post(f, 'callees', { number: '+14255550170', takes, steps });
    await f.client.createCall(
      {
        targetParticipant: { phoneNumber: '+14255550170' },
        sourceCallIdNumber: { phoneNumber: '+14255550100' },
      },
      f.callbackUrl,
    );
    expect((await f.callback(event)).type).toBe(`Microsoft.Communication.${event}`);
  });
});
