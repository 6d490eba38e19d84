import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { SendMessageError } from '@azure/web-pubsub-client';
import type { LogEntry } from '../../../../local/emulators/web-pubsub/base/log.ts';
import type {
  RunningWebPubSub,
  WebPubSubOptions,
} from '../../../../local/emulators/web-pubsub/service/server.ts';
import type { EventHandler } from '../../../../local/emulators/web-pubsub/upstream/event-handlers.ts';
import { type Resources, startHttp, startService } from './service.ts';

export interface Received {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The same as it came. */
  readonly bytes: Buffer;
  readonly socket: unknown;
}

/** An event handler that remembers its requests, allows every origin, and answers as told. */
export class Webhook {
  readonly requests: Received[] = [];
  url = '';
  answer: (request: IncomingMessage, response: ServerResponse, received: Received) => void = (
    _request,
    response,
  ) => response.end();
  allow: (request: IncomingMessage, response: ServerResponse) => void = (_request, response) => {
    response.setHeader('WebHook-Allowed-Origin', '*');
    response.end();
  };

  static async start(resources: Resources): Promise<Webhook> {
    const webhook = new Webhook();
    webhook.url = await startHttp(resources, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method, url, headers, socket } = request;
        const bytes = Buffer.concat(chunks);
        const received = { method, url, headers, body: bytes.toString(), bytes, socket };
        webhook.requests.push(received);
        if (method === 'POST') webhook.answer(request, response, received);
        else webhook.allow(request, response);
      });
    });
    return webhook;
  }

  events(): Received[] {
    return this.requests.filter(({ method }) => method === 'POST');
  }
}

/** A webhook, and a service whose hub `chat` has it as its event handler. Retries are quick. */
export async function startWithWebhook(
  resources: Resources,
  handler: (url: string) => EventHandler,
  options: WebPubSubOptions = {},
): Promise<{ webhook: Webhook; service: RunningWebPubSub; log: LogEntry[] }> {
  const webhook = await Webhook.start(resources);
  const log: LogEntry[] = [];
  const service = await startService(resources, {
    hubs: { chat: [handler(webhook.url)] },
    log: (entry) => log.push(entry),
    ...options,
    limits: { handlerRetryDelaysMs: [1, 1, 1], ...options.limits },
  });
  return { webhook, service, log };
}

/** Takes every user event; the address tells hub and event. */
export const everything = (url: string): EventHandler => ({
  urlTemplate: `${url}/{hub}/{event}?code=k`,
  eventPattern: '*',
});

/** Name and text of the error ack, undefined when the attempt succeeded. */
export async function errorOf(attempt: Promise<unknown>): Promise<string | undefined> {
  return await attempt.then(
    () => undefined,
    (error: SendMessageError) => `${error.errorDetail?.name}: ${error.errorDetail?.message}`,
  );
}
