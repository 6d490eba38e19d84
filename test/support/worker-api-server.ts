import { createServer, type IncomingMessage } from 'node:http';
import { HttpRequest, type HttpResponseInit } from '@azure/functions';
import { workerApiOf } from '../../functions/control/triggers/register-endpoints.ts';
import type { ControlFixture } from './control-fixture.ts';
import { closeAtOnce, listenOnLoopback } from './loopback.ts';

export interface WorkerApiServer {
  readonly url: string;
  fixture: ControlFixture | undefined;
  /** Statuses that were answered. */
  readonly answered: number[];
  /** So many answers are cut off when everything has been done. */
  loseAnswers: number;
  close(): Promise<void>;
}

/** The operations of a `ControlFixture` for those who have the token of a call, on a loopback address. */
export async function serveWorkerApi(): Promise<WorkerApiServer> {
  const http = createServer((request, response) => {
    void serve(request).then(
      ({ status, body }) => {
        api.answered.push(status);
        api.loseAnswers -= 1;
        if (api.loseAnswers >= 0) response.destroy();
        else response.writeHead(status, { 'content-type': contentTypeOf(status) }).end(body);
      },
      () => response.destroy(),
    );
  });
  const serve = async (request: IncomingMessage): Promise<{ status: number; body: string }> => {
    const { fixture } = api;
    if (fixture === undefined) return { status: 404, body: '' };
    const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)] as const);
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const text = Buffer.concat(parts).toString();
    const answer = (await workerApiOf(fixture.load)(
      new HttpRequest({
        method: request.method ?? 'GET',
        url: `${api.url}${request.url}`,
        headers: Object.fromEntries(headers),
        ...(text === '' ? {} : { body: { string: text } }),
      }),
      fixture.context(),
    )) as HttpResponseInit;
    const { status = 200, body, jsonBody } = answer;
    return { status, body: jsonBody === undefined ? String(body ?? '') : JSON.stringify(jsonBody) };
  };
  const port = await listenOnLoopback(http);
  const api: WorkerApiServer = {
    url: `http://127.0.0.1:${port}`,
    fixture: undefined,
    answered: [],
    loseAnswers: 0,
    close: () => closeAtOnce(http),
  };
  return api;
}

function contentTypeOf(status: number): string {
  return status < 400 ? 'application/json' : 'application/problem+json';
}
