/** After the changelogs of Microsoft's SDKs for Call Automation, which say what came with which version. */
import { afterEach, describe, expect, it } from 'vitest';
import { CALLER } from '../acs-fixture.ts';
import { clientOf } from '../client-of-version.ts';
import {
  eventOf,
  MediaOperationsFixture,
  type OperatedCall,
  typesOf,
  wavFile,
} from '../media-operations/media-operations-fixture.ts';

const fixture = new MediaOperationsFixture();
afterEach(() => fixture.close());

/** A call, and a prompt of 20 ms. */
async function callAndPrompt(): Promise<{ call: OperatedCall; prompt: { kind: 'fileSource'; url: string } }> {
  const call = await fixture.answeredCall();
  const files = await fixture.serveFiles({ '/prompt.wav': wavFile(320) });
  return { call, prompt: { kind: 'fileSource', url: `${files.url}/prompt.wav` } };
}

describe('PlayStarted', () => {
  it.each([
    ['2023-10-15', ['PlayCompleted']],
    ['2024-04-15', ['PlayCompleted']],
    ['2024-06-15-preview', ['PlayCompleted', 'PlayStarted']],
    ['2024-09-15', ['PlayCompleted', 'PlayStarted']],
  ])('is sent to versions of the API that know it: %s', async (version, expected) => {
    const { call, prompt } = await callAndPrompt();
    const media = clientOf(call.f, version).getCallConnection(call.call.ids.callConnectionId).getCallMedia();
    await media.playToAll([prompt], { operationContext: 'play' });
    await eventOf(call.f, 'play', 'PlayCompleted');
    expect(typesOf(call.f, 'play').toSorted()).toEqual(expected);
  });

  it('comes before the result of a recognition with a prompt', async () => {
    const { call, prompt } = await callAndPrompt();
    await call.media.startRecognizing(
      { phoneNumber: CALLER },
      {
        kind: 'callMediaRecognizeDtmfOptions',
        playPrompt: prompt,
        operationContext: 'ask',
        maxTonesToCollect: 1,
      },
    );
    await eventOf(call.f, 'ask', 'PlayStarted');
    await call.f.control('POST', `calls/${call.call.ids.id}/dtmf`, { keys: '1' });
    await eventOf(call.f, 'ask', 'RecognizeCompleted');
    expect(typesOf(call.f, 'ask')).toEqual(['PlayStarted', 'RecognizeCompleted']);
  });
});
