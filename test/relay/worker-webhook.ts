/** A worker app as Web PubSub calls it: CloudEvents over HTTP, written out here and not by the product. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';
import { listenOnLoopback } from '../support/loopback.ts';

export interface ReceivedEvent {
  /** The worker's name in the path. */
  readonly worker: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface WorkerWebhook {
  /** For the event handler table of the hub. */
  readonly urlTemplate: string;
  readonly events: ReceivedEvent[];
  /** Answers an event; by default with nothing. */
  respond: (event: ReceivedEvent, response: ServerResponse) => void;
}

/** Serves `/api/workers/{name}` for the running test. */
export async function workerWebhook(): Promise<WorkerWebhook> {
  const server = createServer((request, response) => {
    if (request.method === 'OPTIONS') {
      response.writeHead(200, { 'webhook-allowed-origin': '*' }).end();
      return;
    }
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const worker = request.url?.split('/').at(-1) ?? '';
      const event = { worker, headers: request.headers, body: Buffer.concat(parts) };
      webhook.events.push(event);
      webhook.respond(event, response);
    });
  });
  const port = await listenOnLoopback(server);
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const webhook: WorkerWebhook = {
    urlTemplate: `http://127.0.0.1:${port}/api/workers/{event}`,
    events: [],
    respond: (_, response) => response.writeHead(204).end(),
  };
  return webhook;
}

/** Answers audio with itself, and everything else with nothing. */
export function echo(event: ReceivedEvent, response: ServerResponse): void {
  if (event.headers['content-type'] === 'application/octet-stream') {
    response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(event.body);
  } else response.writeHead(204).end();
}
