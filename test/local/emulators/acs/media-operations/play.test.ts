import { afterEach, describe, expect, it } from 'vitest';
import { writeWav } from '../../../../../shared/audio/wav.ts';
import { tone } from '../../../../support/signals.ts';
import { until } from '../../../../support/until.ts';
import { watchPhone } from '../../../../support/watched-phone.ts';
import { CALLED, CALLER } from '../acs-fixture.ts';
import { clientOf } from '../client-of-version.ts';
import {
  eventOf,
  MediaOperationsFixture,
  refusedWith,
  typesOf,
  wavFile,
} from './media-operations-fixture.ts';

const MAX_FILE_BYTES = 10 * 1024 * 1024;

const fixture = new MediaOperationsFixture();
afterEach(() => fixture.close());

const CALLER_ID = { phoneNumber: CALLER };
const RATE = 16_000;

/** Where these samples begin in what was heard, or -1. */
function find(heard: Int16Array, samples: Int16Array): number {
  for (let start = 0; start + samples.length <= heard.length; start++) {
    let i = 0;
    while (i < samples.length && heard[start + i] === samples[i]) i++;
    if (i === samples.length) return start;
  }
  return -1;
}

describe('play', () => {
  it('lets the telephone of a call without a media stream hear a file to the sample', async () => {
    const { f, media, phone } = await fixture.answeredCall();
    const files = await fixture.serveFiles({ '/hello.wav': wavFile(4_000) });
    await media.playToAll([{ kind: 'fileSource', url: `${files.url}/hello.wav` }], { operationContext: 'p' });
    expect(await eventOf(f, 'p', 'PlayCompleted')).toMatchObject({
      resultInformation: { code: 200, subCode: 0, message: 'Action completed successfully.' },
    });
    // Events come in any order.
    await eventOf(f, 'p', 'PlayStarted');
    expect(typesOf(f, 'p').toSorted()).toEqual(['PlayCompleted', 'PlayStarted']);
    expect(find(phone.heard(), tone(4_000, RATE, 440)), 'the file in what was heard').toBeGreaterThanOrEqual(
      0,
    );
  });

  it('plays several sources one after the other', async () => {
    const { f, media, phone } = await fixture.answeredCall();
    const files = await fixture.serveFiles({ '/a.wav': wavFile(1_000, 440), '/b.wav': wavFile(1_000, 880) });
    const sources = ['a', 'b'].map((name) => ({
      kind: 'fileSource' as const,
      url: `${files.url}/${name}.wav`,
    }));
    await media.play(sources, [CALLER_ID], { operationContext: 'p' });
    await eventOf(f, 'p', 'PlayCompleted');
    const both = new Int16Array(2_000);
    both.set(tone(1_000, RATE, 440));
    both.set(tone(1_000, RATE, 880), 1_000);
    expect(find(phone.heard(), both)).toBeGreaterThanOrEqual(0);
  });

  it('speaks texts and SSML', async () => {
    const { f, media, phone } = await fixture.answeredCall();
    await media.playToAll([{ kind: 'textSource', text: 'One', voiceName: 'en-US-NancyNeural' }], {
      operationContext: 'text',
    });
    await eventOf(f, 'text', 'PlayCompleted');
    expect(Math.max(...phone.heard()), 'something was heard').toBeGreaterThan(1_000);
    const ssmlText = '<speak version="1.0" xml:lang="en-US">Two</speak>';
    await media.playToAll([{ kind: 'ssmlSource', ssmlText }], { operationContext: 'ssml' });
    await eventOf(f, 'ssml', 'PlayCompleted');
  });

  it('plays over and over until it is cancelled', async () => {
    const { f, media, phone } = await fixture.answeredCall();
    const files = await fixture.serveFiles({ '/short.wav': wavFile(640) });
    await media.playToAll([{ kind: 'fileSource', url: `${files.url}/short.wav` }], {
      loop: true,
      operationContext: 'loop',
    });
    const sounding = () => phone.heard().filter((sample) => sample !== 0);
    await until(() => sounding().length > 4 * 640, 'several rounds to be heard');
    await media.cancelAllOperations();
    expect(await eventOf(f, 'loop', 'PlayCanceled')).toMatchObject({
      resultInformation: { code: 400, subCode: 8508, message: 'Action failed, the operation was cancelled.' },
    });
    expect(typesOf(f, 'loop')).not.toContain('PlayCompleted');
  });

  it.each([
    ['what interrupts', 'request'],
    ['what interrupts in the way of previews', 'options'],
  ])('waits for its turn, and is cancelled by %s', async (_, place) => {
    const { f, call } = await fixture.answeredCall();
    const client = clientOf(f, '2024-09-01-preview', ({ body }) => {
      if (place === 'request') return;
      const { interruptCallMediaOperation, ...others } = body;
      body['interruptCallMediaOperation'] = undefined;
      body['playOptions'] = { ...(others['playOptions'] as object), interruptCallMediaOperation };
    });
    const media = client.getCallConnection(call.ids.callConnectionId).getCallMedia();
    const files = await fixture.serveFiles({ '/long.wav': wavFile(160_000), '/short.wav': wavFile(320) });
    const long = { kind: 'fileSource' as const, url: `${files.url}/long.wav` };
    const short = { kind: 'fileSource' as const, url: `${files.url}/short.wav` };
    await media.playToAll([long], { operationContext: 'first' });
    await media.playToAll([short], { operationContext: 'second' });
    await eventOf(f, 'first', 'PlayStarted');
    expect(typesOf(f, 'second')).toEqual([]);
    await media.playToAll([short], { operationContext: 'third', interruptCallMediaOperation: true });
    await eventOf(f, 'third', 'PlayCompleted');
    await eventOf(f, 'second', 'PlayCanceled');
    await eventOf(f, 'first', 'PlayCanceled');
    expect(typesOf(f, 'first').toSorted()).toEqual(['PlayCanceled', 'PlayStarted']);
    expect(typesOf(f, 'second')).toEqual(['PlayCanceled']);
  });

  it.each([
    ['a file that is not there', '/none.wav', 8536, 'Action failed, file could not be downloaded.'],
    ['a file of another rate', '/8k.wav', 8535, 'Action failed, file format is invalid.'],
    ['a file that is too long', '/huge.wav', 8536, 'Action failed, file could not be downloaded.'],
    ['a file that is no sound', '/text.wav', 8535, 'Action failed, file format is invalid.'],
  ])('fails for %s', async (_, path, subCode, message) => {
    const { f, media } = await fixture.answeredCall();
    const files = await fixture.serveFiles({
      '/good.wav': wavFile(320),
      '/8k.wav': writeWav(tone(800, 8_000, 440), 8_000),
      '/text.wav': Buffer.from('hello'),
      '/huge.wav': Buffer.alloc(MAX_FILE_BYTES + 1),
    });
    const sources = ['/good.wav', path].map((name) => ({
      kind: 'fileSource' as const,
      url: files.url + name,
    }));
    await media.playToAll(sources, { operationContext: 'p' });
    expect(await eventOf(f, 'p', 'PlayFailed')).toMatchObject({
      resultInformation: { code: 400, subCode, message },
      failedPlaySourceIndex: 1,
    });
    expect(typesOf(f, 'p')).toEqual(['PlayFailed']);
  });

  it('fetches no file from another machine, nor what redirects there', async () => {
    const { f, media } = await fixture.answeredCall();
    await media.playToAll([{ kind: 'fileSource', url: 'http://192.0.2.1/a.wav' }], {
      operationContext: 'far',
    });
    expect(await eventOf(f, 'far', 'PlayFailed')).toMatchObject({ resultInformation: { subCode: 8536 } });
    const files = await fixture.serveFiles({});
    files.respond = (_, response) =>
      void response.writeHead(302, { location: 'http://192.0.2.1/a.wav' }).end();
    await media.playToAll([{ kind: 'fileSource', url: `${files.url}/a.wav` }], { operationContext: 'away' });
    expect(await eventOf(f, 'away', 'PlayFailed')).toMatchObject({ resultInformation: { subCode: 8536 } });
  });

  it('fails for a text without words', async () => {
    const { f, media } = await fixture.answeredCall();
    await media.playToAll([{ kind: 'textSource', text: ' ' }], { operationContext: 'p' });
    expect(await eventOf(f, 'p', 'PlayFailed')).toMatchObject({ resultInformation: { subCode: 8582 } });
  });

  it('sends its events where the operation says', async () => {
    const { f, media } = await fixture.answeredCall();
    await media.playToAll([{ kind: 'textSource', text: ' ' }], {
      operationCallbackUrl: f.callbackUrl.replace('/cb', '/other'),
    });
    await f.callback('PlayFailed', '/other');
    expect(f.callbacks().filter(({ type }) => type.endsWith('PlayFailed'))).toEqual([]);
  });

  it('to one participant is refused beside another one of its kind, but not to all', async () => {
    const { f, media } = await fixture.answeredCall();
    const files = await fixture.serveFiles({ '/long.wav': wavFile(160_000), '/short.wav': wavFile(320) });
    const long = { kind: 'fileSource' as const, url: `${files.url}/long.wav` };
    await media.play([long], [CALLER_ID], { operationContext: 'one' });
    await eventOf(f, 'one', 'PlayStarted');
    await expect(media.play([long], [CALLER_ID])).rejects.toEqual(refusedWith(412, '8583'));
    await expect(media.sendDtmfTones(['one'], CALLER_ID)).rejects.toEqual(refusedWith(412, '8583'));
    await expect(media.startContinuousDtmfRecognition(CALLER_ID)).rejects.toEqual(refusedWith(412, '8583'));
    const short = { kind: 'fileSource' as const, url: `${files.url}/short.wav` };
    await media.playToAll([short], { operationContext: 'all' });
    await eventOf(f, 'all', 'PlayCompleted');
  });

  it('is refused for somebody who has no telephone on the call, and after the call', async () => {
    const { media, connection } = await fixture.answeredCall();
    const source = { kind: 'textSource' as const, text: 'hello' };
    await expect(media.play([source], [{ phoneNumber: CALLED }])).rejects.toEqual(refusedWith(404, '8522'));
    await expect(media.play([source], [{ phoneNumber: '+14255550177' }])).rejects.toEqual(
      refusedWith(404, '8522'),
    );
    await expect(media.playToAll([])).rejects.toEqual(refusedWith(400, '8523'));
    await connection.hangUp(true);
    await expect(media.playToAll([source])).rejects.toEqual(refusedWith(404, '8522'));
  });

  it('ends without a word when the call does', async () => {
    const { f, media, connection, phone } = await fixture.answeredCall();
    const watch = watchPhone(phone);
    const files = await fixture.serveFiles({ '/long.wav': wavFile(160_000) });
    await media.playToAll([{ kind: 'fileSource', url: `${files.url}/long.wav` }], { operationContext: 'p' });
    await eventOf(f, 'p', 'PlayStarted');
    await connection.hangUp(true);
    await f.callback('CallDisconnected');
    expect(typesOf(f, 'p')).toEqual(['PlayStarted']);
    expect(watch.endedReason()).toBe('hungUpByApplication');
  });
});
