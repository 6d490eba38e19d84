/**
 * A small application for Azure Communication Services, after Microsoft's documentation: it answers every call and says
 * back what it hears. It knows nothing of Trunkline.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { CallAutomationClient } from '@azure/communication-call-automation';
import { WebSocketServer } from 'ws';
import { audioMessage, type Dialect } from './outbound.ts';

export interface AppOptions {
  /** Of the Communication Services resource. */
  readonly connectionString: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly dialect: Dialect;
  readonly log: (line: string) => void;
}

export interface RunningApp {
  /** Where Event Grid is to deliver IncomingCall. */
  readonly incomingCallUrl: string;
  close(): Promise<void>;
}

export async function startApp({ connectionString, port, dialect, log }: AppOptions): Promise<RunningApp> {
  const client = new CallAutomationClient(connectionString, {
    allowInsecureConnection: connectionString.startsWith('endpoint=http:'),
  });
  const server = createServer((request, response) => {
    void handle(request, response).catch((error: unknown) => {
      log(`a request failed: ${String(error)}`);
      response.writeHead(500).end();
    });
  });
  const sockets = new WebSocketServer({ server, path: '/media' });
  sockets.on('connection', (socket) => {
    socket.on('message', (data) => {
      const message = JSON.parse(String(data));
      if (message.kind === 'AudioData') socket.send(audioMessage(dialect, message.audioData.data));
    });
    socket.on('error', (error) => log(`the media socket broke: ${error.message}`));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const events = JSON.parse(await text(request));
    if (request.url === '/api/callbacks') {
      for (const event of events) log(event.type);
      response.writeHead(200).end();
      return;
    }
    for (const { eventType, data } of events) {
      if (eventType === 'Microsoft.EventGrid.SubscriptionValidationEvent') {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ validationResponse: data.validationCode }));
        return;
      }
      if (eventType === 'Microsoft.Communication.IncomingCall') await answer(data.incomingCallContext);
    }
    response.writeHead(200).end();
  }

  async function answer(incomingCallContext: string): Promise<void> {
    await client.answerCall(incomingCallContext, `http://${host}/api/callbacks`, {
      mediaStreamingOptions: {
        transportType: 'websocket',
        transportUrl: `ws://${host}/media`,
        contentType: 'audio',
        audioChannelType: 'mixed',
        audioFormat: 'pcm16KMono',
        startMediaStreaming: true,
        enableBidirectional: true,
      },
    });
  }

  return {
    incomingCallUrl: `http://${host}/api/incomingCall`,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets.clients) socket.terminate();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
