import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type AnswerCallOptions, StreamingData } from '@azure/communication-call-automation';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { reportCall } from '../../../../../local/emulators/acs/control/call-report.ts';
import { until } from '../../../../support/until.ts';
import { CALLER } from '../acs-fixture.ts';
import {
  eventOf,
  MediaOperationsFixture,
  type OperatedCall,
  refusedWith,
} from './media-operations-fixture.ts';

const fixture = new MediaOperationsFixture();
afterEach(() => fixture.close());

/** An application that takes transcription: what it got, in order, and the requests that opened its sockets. */
interface TranscriptionServer {
  readonly url: string;
  readonly frames: string[];
  readonly requests: IncomingMessage[];
  readonly closures: number[];
  closeAll(): void;
}

async function startServer(): Promise<TranscriptionServer> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  const frames: string[] = [];
  const requests: IncomingMessage[] = [];
  const closures: number[] = [];
  server.on('connection', (socket, request) => {
    requests.push(request);
    socket.on('message', (data) => frames.push(String(data)));
    socket.on('close', (code) => closures.push(code));
  });
  await once(server, 'listening');
  const closeAll = (): void => {
    for (const socket of server.clients) socket.close(1001);
  };
  fixture.closeAfter(() => {
    for (const socket of server.clients) socket.terminate();
    return new Promise((resolve) => server.close(resolve));
  });
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/words?key=k`;
  return { url, frames, requests, closures, closeAll };
}

function options(transportUrl: string, changes: object = {}): AnswerCallOptions {
  return {
    operationContext: 'answer',
    transcriptionOptions: {
      transportUrl,
      transportType: 'websocket',
      locale: 'en-US',
      startTranscription: true,
      ...changes,
    },
  };
}

async function say(call: OperatedCall, text: string): Promise<void> {
  const response = await call.f.control('POST', `calls/${call.call.ids.id}/says`, { text });
  expect(response.status).toBe(202);
}

describe('transcription', () => {
  it('begins with the call where the answer says so, and streams what telephones say', async () => {
    const server = await startServer();
    const call = await fixture.answeredCall({}, options(server.url, { enableIntermediateResults: true }));
    expect(await eventOf(call.f, 'answer', 'TranscriptionStarted')).toMatchObject({
      transcriptionUpdate: {
        transcriptionStatus: 'transcriptionStarted',
        transcriptionStatusDetails: 'subscriptionStarted',
      },
      resultInformation: { code: 200, subCode: 0 },
    });
    expect(server.requests[0]).toMatchObject({
      url: '/words?key=k',
      headers: {
        authorization: expect.stringMatching(/^Bearer ey/),
        'x-ms-call-connection-id': call.call.ids.callConnectionId,
      },
    });
    await say(call, 'hello my friend');
    const [metadata, intermediate, final] = await until(
      () => server.frames.length === 3 && server.frames,
      'the metadata and two results',
    );
    expect(StreamingData.parse(metadata ?? '')).toMatchObject({
      locale: 'en-US',
      callConnectionId: call.call.ids.callConnectionId,
      correlationId: call.call.ids.correlationId,
    });
    expect(JSON.parse(intermediate ?? '').transcriptionData).toMatchObject({
      text: 'hello',
      resultStatus: 'Intermediate',
    });
    expect(StreamingData.parse(final ?? '')).toMatchObject({ text: 'hello my friend', confidence: 1 });
    expect(reportCall(call.call).transcript, 'the report').toEqual(['hello my friend']);
    const { transcriptionData } = JSON.parse(final ?? '');
    expect(transcriptionData).toMatchObject({ participantRawID: `4:${CALLER}`, resultStatus: 'Final' });
    const { transcriptionSubscription } = await call.connection.getCallConnectionProperties();
    expect(transcriptionSubscription).toMatchObject({ state: 'active', locale: 'en-US' });
  });

  it('is started, changed and stopped by the application', async () => {
    const server = await startServer();
    const call = await fixture.answeredCall({}, options(server.url, { startTranscription: false }));
    const { f, media } = call;
    await expect(media.stopTranscription()).rejects.toEqual(refusedWith(400, '8500'));
    await media.startTranscription({ locale: 'de-DE', operationContext: 'start' });
    await eventOf(f, 'start', 'TranscriptionStarted');
    await until(() => server.frames[0]?.includes('de-DE'), 'the language of the start');
    await expect(media.startTranscription()).rejects.toEqual(refusedWith(400, '8500'));
    await media.updateTranscription('fr-FR', { operationContext: 'update' });
    expect(await eventOf(f, 'update', 'TranscriptionUpdated')).toMatchObject({
      transcriptionUpdate: {
        transcriptionStatus: 'transcriptionUpdated',
        transcriptionStatusDetails: 'transcriptionLocaleUpdated',
      },
    });
    await media.stopTranscription({ operationContext: 'stop' });
    expect(await eventOf(f, 'stop', 'TranscriptionStopped')).toMatchObject({
      transcriptionUpdate: {
        transcriptionStatus: 'transcriptionStopped',
        transcriptionStatusDetails: 'subscriptionStopped',
      },
    });
    await until(() => server.closures.length === 1, 'the socket to be closed');
    expect(server.closures).toEqual([1000]);
  });

  it('fails where nobody takes the socket, and where it is closed by the application', async () => {
    const refused = await fixture.answeredCall({}, options('ws://127.0.0.1:9/none'));
    expect(await eventOf(refused.f, 'answer', 'TranscriptionFailed')).toMatchObject({
      transcriptionUpdate: { transcriptionStatusDetails: 'streamConnectionUnsuccessful' },
      resultInformation: { code: 500, subCode: 8578 },
    });
    const server = await startServer();
    const { f } = await fixture.answeredCall({}, options(server.url));
    await eventOf(f, 'answer', 'TranscriptionStarted');
    server.closeAll();
    expect(await eventOf(f, 'answer', 'TranscriptionFailed')).toMatchObject({
      transcriptionUpdate: { transcriptionStatusDetails: 'streamConnectionInterrupted' },
    });
  });

  it('ends with the call', async () => {
    const server = await startServer();
    const { f, connection } = await fixture.answeredCall({}, options(server.url));
    await eventOf(f, 'answer', 'TranscriptionStarted');
    await connection.hangUp(true);
    await until(() => server.closures.length === 1, 'the socket to be closed');
  });

  it('is refused where the answer did not ask for it', async () => {
    const { media } = await fixture.answeredCall();
    await expect(media.startTranscription()).rejects.toEqual(refusedWith(405, '8522'));
    await expect(media.updateTranscription('de-DE')).rejects.toEqual(refusedWith(405, '8522'));
  });
});
