import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import {
  type EventGridHandler,
  type HttpHandler,
  HttpRequest,
  type HttpResponseInit,
  InvocationContext,
} from '@azure/functions';
import { closeAtOnce, listenOnLoopback } from './loopback.ts';

export interface ControlHandlers {
  readonly incomingCall: EventGridHandler<unknown>;
  readonly callEvents: HttpHandler;
}

export interface ControlHostFixture {
  readonly url: string;
  readonly eventGridUrl: string;
  handlers: ControlHandlers | undefined;
  readonly logged: string[];
  /** Statuses answered to Event Grid and to callbacks. */
  readonly answered: { readonly path: string; readonly status: number }[];
  close(): Promise<void>;
}

/** Serves the two functions that Azure calls on a loopback address, with Event Grid's handshake. */
export async function startControlHostFixture(): Promise<ControlHostFixture> {
  const serve = async (request: IncomingMessage): Promise<{ status: number; body?: string }> => {
    const { handlers } = host;
    const path = request.url ?? '';
    const text = await bodyOf(request);
    if (handlers === undefined) return { status: 503 };
    if (path === '/eventgrid') return await eventGrid(handlers, request, text);
    const callId = path.replace('/api/callbacks/', '');
    const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)] as const);
    const answer = (await handlers.callEvents(
      new HttpRequest({
        method: 'POST',
        url: `${host.url}${path}`,
        params: { callId },
        headers: Object.fromEntries(headers),
        body: { string: text },
      }),
      context(),
    )) as HttpResponseInit;
    return { status: answer.status ?? 200 };
  };
  const eventGrid = async (
    handlers: ControlHandlers,
    request: IncomingMessage,
    text: string,
  ): Promise<{ status: number; body?: string }> => {
    const events = JSON.parse(text) as { data: { validationCode?: string } }[];
    if (request.headers['aeg-event-type'] === 'SubscriptionValidation')
      return { status: 200, body: JSON.stringify({ validationResponse: events[0]?.data.validationCode }) };
    await Promise.all(events.map(async (event) => await handlers.incomingCall(event, context())));
    return { status: 202 };
  };
  const context = (): InvocationContext =>
    new InvocationContext({
      invocationId: 'i',
      functionName: 'f',
      logHandler: (_level: string, ...args: unknown[]) => {
        host.logged.push(args.join(' '));
      },
    });
  const server = createServer((request, response: ServerResponse) => {
    void serve(request)
      .catch((error: unknown) => {
        host.logged.push(String(error));
        return { status: 500 } as { status: number; body?: string };
      })
      .then(({ status, body }) => {
        host.answered.push({ path: request.url ?? '', status });
        response.writeHead(status, { 'content-type': 'application/json' }).end(body);
      });
  });
  const port = await listenOnLoopback(server);
  const url = `http://127.0.0.1:${port}`;
  const host: ControlHostFixture = {
    url,
    eventGridUrl: `${url}/eventgrid`,
    handlers: undefined,
    logged: [],
    answered: [],
    close: () => closeAtOnce(server),
  };
  return host;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
