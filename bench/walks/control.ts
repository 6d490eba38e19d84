/**
 * The way of IncomingCall, of a callback and of `POST …/streaming/start` through the control app. Its functions run in
 * this process as the Functions host would call them; table storage is the emulator, and ACS answers at once.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import {
  app,
  type HttpHandler,
  HttpRequest,
  type HttpResponse,
  type HttpResponseInit,
  InvocationContext,
} from '@azure/functions';
import { freePorts } from '../../local/run/stack/ports.ts';
import { makeSecrets } from '../../local/run/stack/secrets.ts';
import { type SystemLayout, specOf } from '../../local/run/stack/specs.ts';
import { BareAcs } from '../control/bare-acs.ts';
import { startChild } from '../control/rig.ts';
import { Coverage, commonTo, type Walk } from './coverage.ts';

const ROUTES = [{ name: 'everyone', startStreaming: false, workers: [{ name: 'echo' }] }];
const ROUNDS = 4;

export interface ControlWalks {
  readonly incomingCall: Walk;
  readonly callback: Walk;
  readonly startStreaming: Walk;
}

type Handler = (input: unknown, context: InvocationContext) => unknown;

export async function walkControl(): Promise<ControlWalks> {
  const layout: SystemLayout = {
    ports: await freePorts(),
    secrets: makeSecrets(),
    controlApp: '',
    workerApp: '',
    relayModule: '',
  };
  Object.assign(process.env, specOf('control', layout, ROUTES).env);
  const acs = await BareAcs.start(layout);
  const tables = startChild(specOf('tables', layout));
  await tables.ready();
  const handlers = await registered();
  const coverage = await Coverage.start();
  const taken = new Map<string, Walk[]>();
  /** Runs a function of the app, and keeps what ran in it. */
  const run = async (name: string, input: unknown): Promise<HttpResponseInit> => {
    const handler = handlers.get(name);
    if (handler === undefined) throw new Error(`the control app registers no function ${name}`);
    await coverage.reset();
    const answer = await handler(input, new InvocationContext({ invocationId: 'bench', functionName: name }));
    const walks = taken.get(name) ?? [];
    taken.set(name, [...walks, await coverage.take()]);
    return (answer ?? {}) as HttpResponseInit;
  };
  const server = createServer((request, response) => {
    void serve(request, run).then(
      (status) => response.writeHead(status).end(),
      (error: unknown) => fail(response, error),
    );
  });
  server.listen(layout.ports.control, '127.0.0.1');
  await once(server, 'listening');
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const times = await acs.ring();
      await acs.tell(times, 'CallConnected');
      const callId = new URL(times.callbackUri).pathname.split('/').at(-1) ?? '';
      const response = await run('startMediaStreaming', startRequest(callId));
      if (response.status !== 202) throw new Error(`streaming/start answered ${JSON.stringify(response)}`);
    }
    // The first round loads SDKs, creates tables and fetches keys, which is not the way of a request.
    const steady = (name: string): Walk => commonTo((taken.get(name) ?? []).slice(1));
    return {
      incomingCall: steady('incomingCall'),
      callback: steady('callEvents'),
      startStreaming: steady('startMediaStreaming'),
    };
  } finally {
    coverage.stop();
    server.closeAllConnections();
    server.close();
    await tables.stop();
    await acs.close();
  }
}

/** What the control app registers, by name. */
async function registered(): Promise<ReadonlyMap<string, Handler>> {
  const handlers = new Map<string, Handler>();
  app.http = (name: string, options: { handler: HttpHandler } | HttpHandler) => {
    handlers.set(name, (typeof options === 'function' ? options : options.handler) as Handler);
  };
  app.eventGrid = (name, { handler }) => void handlers.set(name, handler as Handler);
  app.timer = () => {};
  await import('../../functions/main.ts');
  return handlers;
}

type Run = (name: string, input: unknown) => Promise<HttpResponseInit | HttpResponse>;

/** As the Functions host serves what Event Grid and ACS post. @returns the status */
async function serve(request: IncomingMessage, run: Run): Promise<number> {
  const body = await text(request);
  const path = (request.url ?? '').split('?', 1)[0] ?? '';
  if (!path.startsWith('/api/callbacks/')) {
    for (const event of JSON.parse(body) as unknown[]) await run('incomingCall', event);
    return 202;
  }
  const { status = 200 } = await run(
    'callEvents',
    new HttpRequest({
      method: 'POST',
      url: `http://127.0.0.1${request.url}`,
      params: { callId: path.slice('/api/callbacks/'.length) },
      headers: Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
      ),
      body: { string: body },
    }),
  );
  return status;
}

function startRequest(callId: string): HttpRequest {
  return new HttpRequest({
    method: 'POST',
    url: `http://127.0.0.1/api/calls/${callId}/streaming/start`,
    params: { callId },
    headers: { 'content-type': 'application/json' },
  });
}

function fail(response: ServerResponse, error: unknown): void {
  process.stderr.write(`${String(error)}\n`);
  response.writeHead(500).end();
}
