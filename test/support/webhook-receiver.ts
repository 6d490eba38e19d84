import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { closeAtOnce, listenOnLoopback } from './loopback.ts';

export interface ReceivedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Answers a request; what it leaves open stays open. */
export type Respond = (request: ReceivedRequest, response: ServerResponse, index: number) => void;

export interface WebhookReceiver {
  readonly url: string;
  /** Everything received so far, in order. */
  readonly requests: readonly ReceivedRequest[];
  respond: Respond;
  close(): Promise<void>;
}

const accept: Respond = (_, response) => {
  response.writeHead(200).end();
};

/** An HTTP server on loopback that remembers what is sent to it. */
export async function startWebhookReceiver(respond: Respond = accept, port = 0): Promise<WebhookReceiver> {
  const requests: ReceivedRequest[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const received = { method, url, headers, body: Buffer.concat(chunks).toString('utf8') };
      const index = requests.push(received) - 1;
      receiver.respond(received, response, index);
    });
  });
  const boundPort = await listenOnLoopback(server, port);
  const receiver: WebhookReceiver = {
    url: `http://127.0.0.1:${boundPort}`,
    requests,
    respond,
    close: () => closeAtOnce(server),
  };
  return receiver;
}
