import { fileURLToPath } from 'node:url';
import type { TextSource } from '@azure/communication-call-automation';
import { describe, expect, it, type TestContext } from 'vitest';
import { Speech } from '../../../../local/phone/speech.ts';
import { loadScenario } from '../../../../local/run/scenario/load-scenario.ts';
import { type Played, playScenario } from '../../../../local/run/scenario/run-scenario.ts';
import { callsInWords, checksInWords } from '../../../../local/run/scenario/words.ts';
import { type CallingApplication, startCallingApplication } from '../../../support/calling-application.ts';

/** Closed at the end of its own test: tests run beside each other. */
async function application({ onTestFinished }: TestContext): Promise<CallingApplication> {
  const app = await startCallingApplication();
  onTestFinished(() => app.close());
  return app;
}

const OWN_NUMBER = { phoneNumber: '+14255550200' };
const ALICE = { phoneNumber: '+14255550201' };
const DAVE = { phoneNumber: '+14255550204' };
const ERIN = { phoneNumber: '+14255550205' };
const FRANK = { phoneNumber: '+14255550207' };

function scenario(name: string) {
  return loadScenario(fileURLToPath(new URL(`fixtures/${name}`, import.meta.url)), new Speech());
}

function holds(played: Played): void {
  expect(played.checks.length, 'expectations').toBeGreaterThan(0);
  expect(
    played.checks.filter(({ held }) => !held),
    `${callsInWords(played)}\n${checksInWords(played)}`,
  ).toEqual([]);
}

/** Telephones wait until they are asked: their time does not wait for the application. */
function prompt(text: string): TextSource {
  return { kind: 'textSource', text, sourceLocale: 'en-US' };
}

/** Asks Alice for a key, looks for somebody who answers, and leaves the two alone. */
async function reception(app: CallingApplication): Promise<string[]> {
  const connection = await app.answerNext();
  const media = connection.getCallMedia();
  await media.startRecognizing(ALICE, {
    kind: 'callMediaRecognizeDtmfOptions',
    maxTonesToCollect: 1,
    playPrompt: prompt('press one'),
  });
  const { dtmfResult } = await app.event('RecognizeCompleted');
  const told = [`Alice presses ${JSON.stringify(dtmfResult)}`];
  for (const last of ['2', '6', '3']) {
    await connection.addParticipant(
      { targetParticipant: { phoneNumber: `+1425555020${last}` }, sourceCallIdNumber: OWN_NUMBER },
      { operationContext: last, invitationTimeoutInSeconds: 1 },
    );
    const { resultInformation } = await app.event('AddParticipantFailed', last);
    told.push(`${last}: ${(resultInformation as { subCode: number }).subCode}`);
  }
  await connection.addParticipant({ targetParticipant: DAVE, sourceCallIdNumber: OWN_NUMBER });
  await app.event('AddParticipantSucceeded');
  // A voicemail is no company: it is heard for a second.
  await media.playToAll([{ kind: 'textSource', text: 'one moment please', sourceLocale: 'en-US' }]);
  await app.event('PlayCompleted');
  await connection.removeParticipant(DAVE);
  await app.event('RemoveParticipantSucceeded');
  await connection.addParticipant({ targetParticipant: ERIN, sourceCallIdNumber: OWN_NUMBER });
  await app.event('AddParticipantSucceeded');
  await media.startContinuousDtmfRecognition(ERIN);
  // Without it Erin might press her key before anybody listens.
  await media.playToAll([{ kind: 'textSource', text: 'press two', sourceLocale: 'en-US' }]);
  const { tone } = await app.event('ContinuousDtmfRecognitionToneReceived');
  told.push(`Erin presses ${tone}`);
  await connection.hangUp(false);
  await app.event('CallDisconnected');
  return told;
}

describe.concurrent('telephones that an application calls', () => {
  it('are played by a scenario: busy, declining, absent, a voicemail, and somebody with whom the application leaves the caller alone', async (context) => {
    const app = await application(context);
    const [played, told] = await Promise.all([
      playScenario(app.system, await scenario('reception.yaml')),
      reception(app),
    ]);
    holds(played);
    expect(told).toEqual([
      'Alice presses {"tones":["one"]}',
      '2: 8539',
      '6: 8538',
      '3: 8541',
      'Erin presses two',
    ]);
  });

  it('are played by a scenario in which nobody else calls', async (context) => {
    const app = await application(context);
    const call = async (): Promise<unknown[]> => {
      const { callConnection } = await app.client.createCall(
        { targetParticipant: FRANK, sourceCallIdNumber: OWN_NUMBER },
        app.callbackUrl,
      );
      await app.event('CallConnected');
      const media = callConnection.getCallMedia();
      await media.startRecognizing(FRANK, {
        kind: 'callMediaRecognizeDtmfOptions',
        maxTonesToCollect: 1,
        playPrompt: prompt('press four'),
      });
      const { dtmfResult } = await app.event('RecognizeCompleted');
      await media.startRecognizing(FRANK, {
        kind: 'callMediaRecognizeSpeechOptions',
        endSilenceTimeoutInSeconds: 0.1,
        initialSilenceTimeoutInSeconds: 20,
        playPrompt: prompt('say yes or no'),
      });
      const { speechResult } = await app.event('RecognizeCompleted');
      await callConnection.hangUp(true);
      await app.event('CallDisconnected');
      return [dtmfResult, speechResult];
    };
    const loaded = await scenario('voice-menu.yaml');
    // The telephones are entered before the application calls.
    const played = playScenario(app.system, loaded);
    const [results, recognized] = await Promise.all([played, call()]);
    holds(results);
    expect(recognized).toMatchObject([{ tones: ['four'] }, { speech: 'yes please' }]);
  });

  it('have not held to what was expected of them when nobody calls them', async (context) => {
    const app = await application(context);
    const { participants, ...others } = await scenario('reception.yaml');
    const bob = participants.filter(({ name }) => name === 'bob');
    const { checks } = await playScenario(app.system, { ...others, participants: bob });
    expect(checks).toEqual([{ participant: 'bob', what: 'rings 1 ×', held: false, detail: 'it was 0' }]);
  });
});
