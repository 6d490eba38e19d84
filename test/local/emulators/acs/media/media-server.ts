import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { StreamingData } from '@azure/communication-call-automation';
import { type WebSocket, WebSocketServer } from 'ws';

/** One frame as it came, and as Microsoft's SDK understands it. */
export interface ReceivedFrame {
  readonly kind: string;
  readonly json: Record<string, Record<string, unknown>>;
  readonly parsed: ReturnType<typeof StreamingData.parse>;
}

/** One media connection as an application sees it. */
export interface MediaConnection {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly extensions: string;
  readonly frames: ReceivedFrame[];
  readonly socket: WebSocket;
  closeCode: number | undefined;
}

export interface MediaServer {
  readonly url: string;
  readonly connections: MediaConnection[];
  close(): Promise<void>;
}

/** The samples of an AudioData frame. */
export function samplesOf(frame: ReceivedFrame): Int16Array {
  const bytes = Buffer.from(String(frame.json.audioData?.data), 'base64');
  return Int16Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readInt16LE(i * 2));
}

/**
 * An application written from the documentation alone. It echoes audio as the JavaScript quickstart sends it, where
 * asked.
 */
export async function startMediaServer(
  options: { echo?: boolean; refuseWith?: number } = {},
): Promise<MediaServer> {
  const connections: MediaConnection[] = [];
  const server = new WebSocketServer({
    host: '127.0.0.1',
    port: 0,
    perMessageDeflate: true,
    verifyClient: (_info, done) => done(options.refuseWith === undefined, options.refuseWith),
  });
  server.on('connection', (socket, request) => {
    const connection: MediaConnection = {
      url: request.url ?? '',
      headers: request.headers,
      extensions: socket.extensions,
      frames: [],
      socket,
      closeCode: undefined,
    };
    connections.push(connection);
    socket.on('close', (code) => {
      connection.closeCode = code;
    });
    socket.on('message', (data) => {
      const text = String(data);
      const json = JSON.parse(text);
      connection.frames.push({
        kind: json.kind,
        json,
        // Asked for by tests: the SDK throws on intermediate results of transcription.
        get parsed() {
          return StreamingData.parse(text);
        },
      });
      if (options.echo === true && json.kind === 'AudioData') {
        socket.send(
          JSON.stringify({
            kind: 'audioData',
            audioData: { data: json.audioData.data, isSilent: false },
            stopAudio: {},
          }),
        );
      }
    });
  });
  await once(server, 'listening');
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections,
    close: async () => {
      for (const client of server.clients) client.terminate();
      server.close();
      await once(server, 'close');
    },
  };
}
