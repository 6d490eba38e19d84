import { StreamingData } from '@azure/communication-call-automation';
import { afterEach, describe, expect, it } from 'vitest';
import { transcriptionDataFrame } from '../../../../../local/emulators/acs/media/transcription-codec.ts';
import { createOpenTranscriptionStream } from '../../../../../local/emulators/acs/media/transcription-stream.ts';
import { until } from '../../../../support/until.ts';
import { type MediaConnection, startMediaServer } from './media-server.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const OPTIONS = {
  headers: { Authorization: 'Bearer token' },
  subscriptionId: 'subscription',
  locale: 'en-US',
  callConnectionId: 'connection',
  correlationId: 'correlation',
  enableIntermediateResults: false,
  intermediateWords: false,
};
const WORDS = { rawId: '4:+14255550123', text: 'Hello everyone.', startedMs: 21_200, durationMs: 960 };

/** Lines for a person. */
const warnings: string[] = [];
const openTranscriptionStream = createOpenTranscriptionStream((line) => warnings.push(line));

async function open(changes: Partial<typeof OPTIONS> = {}) {
  const media = await startMediaServer();
  cleanUps.push(() => media.close());
  const notes: string[] = [];
  const stream = openTranscriptionStream(
    { ...OPTIONS, url: media.url, ...changes },
    {
      started: () => notes.push('started'),
      failed: (failure, detail) => notes.push(`failed ${failure}: ${detail}`),
      closedByPeer: (code) => notes.push(`closedByPeer ${code}`),
    },
  );
  cleanUps.push(() => stream.stop());
  const connection: MediaConnection = await until(() => media.connections[0], 'a connection');
  await until(() => notes.length > 0 && connection.frames.length > 0, 'the stream starts');
  return { stream, connection, notes };
}

describe('a transcription stream', () => {
  it('begins with its metadata, and sends what was said, as the JavaScript SDK understands it', async () => {
    const { stream, connection, notes } = await open();
    stream.said(WORDS);
    await until(() => connection.frames.length === 2, 'the words arrive');
    expect(connection.headers.authorization).toBe('Bearer token');
    expect(connection.frames.map(({ kind }) => kind)).toEqual(['TranscriptionMetadata', 'TranscriptionData']);
    expect(connection.frames[0]?.parsed).toMatchObject({
      subscriptionId: 'subscription',
      locale: 'en-US',
      callConnectionId: 'connection',
      correlationId: 'correlation',
    });
    expect(connection.frames[1]?.parsed).toMatchObject({
      text: 'Hello everyone.',
      format: 'display',
      confidence: 1,
      offsetInTicks: 212_000_000,
      durationInTicks: 9_600_000,
      participant: { phoneNumber: '+14255550123' },
      resultState: 'Final',
    });
    expect(notes).toEqual(['started']);
  });

  it('sends half of an utterance before it where intermediate results are wanted', async () => {
    const { stream, connection } = await open({ enableIntermediateResults: true });
    stream.said({ ...WORDS, text: 'one two three four' });
    stream.said({ ...WORDS, text: 'yes' });
    await until(() => connection.frames.length === 4, 'the words arrive');
    const results = connection.frames.slice(1).map(({ json }) => json.transcriptionData);
    expect(results.map((result) => [result?.text, result?.resultStatus])).toEqual([
      ['one two', 'Intermediate'],
      ['one two three four', 'Final'],
      ['yes', 'Final'],
    ]);
    expect(Object.keys(results[0] ?? {})).toEqual([
      'text',
      'format',
      'offset',
      'duration',
      'participantRawID',
      'resultStatus',
    ]);
  });

  it('names the words of intermediate results where that is chosen, so that the JavaScript SDK understands them', async () => {
    const { stream, connection } = await open({ enableIntermediateResults: true, intermediateWords: true });
    stream.said({ ...WORDS, text: 'one two three four' });
    await until(() => connection.frames.length === 3, 'the words arrive');
    expect(connection.frames[1]?.parsed).toMatchObject({
      text: 'one two',
      resultState: 'Intermediate',
      words: [{ text: 'one' }, { text: 'two' }],
    });
  });

  it('tells when the application closes it, and closes with 1000 when it is stopped', async () => {
    const first = await open();
    first.connection.socket.close(4_000);
    await until(() => first.notes.length === 2, 'the listener is told');
    expect(first.notes).toEqual(['started', 'closedByPeer 4000']);
    first.stream.said(WORDS);
    const second = await open();
    second.stream.stop();
    second.stream.stop();
    second.stream.said(WORDS);
    await until(() => second.connection.closeCode !== undefined, 'the close frame arrives');
    expect(second.connection.closeCode).toBe(1_000);
    expect(second.notes).toEqual(['started']);
    expect(second.connection.frames).toHaveLength(1);
  });

  it('fails for an URL that cannot be dialled, after it has been returned', async () => {
    const notes: string[] = [];
    openTranscriptionStream(
      { ...OPTIONS, url: 'http://127.0.0.1/' },
      { started: () => {}, failed: (failure) => notes.push(failure), closedByPeer: () => {} },
    );
    expect(notes).toEqual([]);
    await until(() => notes.length > 0, 'the listener is told');
    expect(notes).toEqual(['invalidUrl']);
    expect(warnings.at(-1)).toBe(
      'transcription stream subscription of connection: not opened: the transport URL is not a ws: or wss: URL',
    );
  });
});

describe('the words of a result', () => {
  it('fill the time of the utterance without gaps, in lower case and without punctuation', () => {
    const frame = JSON.parse(transcriptionDataFrame(WORDS, 'Final'));
    const { words } = frame.transcriptionData;
    expect(words.map(({ text }: { text: string }) => text)).toEqual(['hello', 'everyone']);
    expect(words[0].offset).toBe(212_000_000);
    expect(words[1].offset).toBe(words[0].offset + words[0].duration);
    expect(words[1].offset + words[1].duration).toBe(221_600_000);
    expect(StreamingData.parse(JSON.stringify(frame))).toMatchObject({
      words: [{ text: 'hello' }, { text: 'everyone' }],
    });
  });
});
