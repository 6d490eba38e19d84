import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import type { RunningServer } from '../process/child.ts';
import { Admin } from './admin.ts';
import { CoreApp } from './app/core-app.ts';
import { installCoreModule } from './app/core-module.ts';
import type { LogLevel } from './app/core-types.ts';
import { loadEntryPoints } from './app/entry-points.ts';
import { EventGridWebhook } from './event-grid/event-grid-webhook.ts';
import { type IndexedFunction, indexFunctions } from './function-index.ts';
import { type HostJson, readHostJson } from './host-json.ts';
import { answer, answerAndClose } from './http/answer.ts';
import { HttpFunctions } from './http/http-functions.ts';
import { RouteTable } from './http/route-table.ts';
import { StreamProxy } from './http/stream-proxy.ts';
import { Invoker, readOnly } from './invoker.ts';
import { type HostKeys, KeyCheck } from './keys.ts';
import { formatRecord, isShown } from './log.ts';
import { TimerRunner } from './timer/timer-runner.ts';

export interface FunctionsHostOptions {
  /** The app's folder: host.json and package.json are in it. */
  readonly app: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly host?: string;
  readonly keys: HostKeys;
  readonly frontEndLimitMs?: number;
}

export interface RunningFunctionsHost extends RunningServer {
  readonly functions: readonly { readonly name: string; readonly kind: IndexedFunction['kind'] }[];
}

/** After this long the front end of Azure stops waiting for an HTTP function. */
const FRONT_END_LIMIT_MS = 230_000;
/** The host's own limit on request bodies, and the setting that replaces it. */
const BODY_LIMIT_BYTES = 104_857_600;
const BODY_LIMIT_VARIABLE = 'FUNCTIONS_REQUEST_BODY_SIZE_LIMIT';
/** How long running invocations may go on once the host closes. */
const DRAIN_LIMIT_MS = 1_500;
/** The host's server keeps idle connections this long, so that clients are the ones who close them. */
const KEEP_ALIVE_MS = 120_000;

/**
 * Starts a function app in this process: loads what was built, registers its functions and serves their triggers.
 * It makes the app's folder the current folder and answers `require('@azure/functions-core')` for the rest of the
 * process's life, so a process can hold one app only and cannot load it a second time.
 *
 * @throws one sentence when the folder holds no app, the app does not load, a function breaks a rule or uses a trigger
 * or binding that is not supported, the port is taken, or the process has an app already
 */
export async function startFunctionsHost(options: FunctionsHostOptions): Promise<RunningFunctionsHost> {
  const appFolder = resolve(options.app);
  const hostJson = readHostJson(appFolder);
  const host = options.host ?? '127.0.0.1';
  const app = new CoreApp((record) => {
    if (isShown(record.level, hostJson.logLevelOf(record.functionName))) {
      process.stdout.write(`${formatRecord(record, Date.now())}\n`);
    }
  });
  installCoreModule(app.coreApi());

  // Listening comes first: a taken port is found before the app is loaded, and the app can be told its own address.
  const unavailable = async (_: IncomingMessage, response: ServerResponse): Promise<void> =>
    answerAndClose(response, 503);
  let serve = unavailable;
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    response.on('error', () => {});
    serve(request, response).catch((error: unknown) => {
      const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
      app.log({ level: 'error', category: 'system', message: `the host failed on a request: ${detail}` });
      if (response.headersSent) response.destroy();
      else answerAndClose(response, 500);
    });
  });
  await listen(server, options.port, host);
  const url = `http://${host}:${(server.address() as AddressInfo).port}`;

  try {
    process.env['FUNCTIONS_WORKER_RUNTIME'] ??= 'node';
    process.env['AZURE_FUNCTIONS_ENVIRONMENT'] ??= 'Development';
    process.env['WEBSITE_HOSTNAME'] ??= new URL(url).host;
    const { functions, httpUri } = await loadApp(app, appFolder, hostJson);
    const parts = assemble(app, functions, httpUri, options);
    for (const timer of parts.timers.values()) timer.start();
    serve = parts.serve;
    return {
      url,
      functions: functions.map(({ name, kind }) => ({ name, kind })),
      close: closeOnce(async () => {
        server.close();
        serve = unavailable;
        for (const timer of parts.timers.values()) timer.close();
        await parts.invoker.drain(DRAIN_LIMIT_MS);
        await app.runHooks('appTerminate', appHookContext(app, {}));
        parts.streaming?.close();
        server.closeAllConnections();
      }),
    };
  } catch (error) {
    server.close();
    server.closeAllConnections();
    throw error;
  }
}

async function listen(server: Server, port: number, host: string): Promise<void> {
  server.listen(port, host);
  // `once` rejects with the error when the port cannot be had.
  await once(server, 'listening');
}

async function loadApp(
  app: CoreApp,
  appFolder: string,
  hostJson: HostJson,
): Promise<{ functions: IndexedFunction[]; httpUri: string | undefined }> {
  process.chdir(appFolder);
  const say = (level: LogLevel, message: string): void => app.log({ level, category: 'system', message });
  for (const setting of hostJson.ignored) {
    say('warning', `not supported: ${setting} in host.json has no effect here`);
  }
  await loadEntryPoints(appFolder);
  await app.runHooks('appStart', appHookContext(app, { functionAppDirectory: appFolder }));
  const capabilities = (await app.model?.getCapabilities({})) ?? {};
  app.lock();
  const functions = indexFunctions(app, { routePrefix: hostJson.routePrefix, env: process.env });
  if (functions.length === 0) say('warning', `the app in ${appFolder} registered no function`);
  for (const { name, kind, isDisabled } of functions) {
    say('debug', `function ${name} (${kind})${isDisabled ? ' is disabled' : ''}`);
  }
  return { functions, httpUri: capabilities['HttpUri'] };
}

function assemble(
  app: CoreApp,
  functions: readonly IndexedFunction[],
  httpUri: string | undefined,
  options: FunctionsHostOptions,
) {
  const keys = new KeyCheck(options.keys);
  const invoker = new Invoker(app);
  const bodyLimitBytes = bodyLimit(process.env[BODY_LIMIT_VARIABLE]);
  const streaming = httpUri === undefined ? undefined : new StreamProxy({ invoker, httpUri, bodyLimitBytes });
  const http = new HttpFunctions({
    invoker,
    keys,
    bodyLimitBytes,
    frontEndLimitMs: options.frontEndLimitMs ?? FRONT_END_LIMIT_MS,
    streaming,
  });
  const routes = new RouteTable(functions.filter((target) => target.kind === 'http'));
  const eventGrid = new EventGridWebhook(
    functions.filter((target) => target.kind === 'eventGrid'),
    invoker,
    keys,
  );
  const timers = new Map<string, TimerRunner>();
  for (const target of functions) {
    if (target.kind === 'timer') timers.set(target.name, new TimerRunner(target, invoker));
  }
  const admin = new Admin({ functions, timers, invoker, keys });

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = requestUrl(request);
    if (url === undefined) return answerAndClose(response, 400);
    const path = url.pathname.toLowerCase();
    if (path === '/admin' || path.startsWith('/admin/')) return admin.serve(request, response, url);
    if (path === '/runtime/webhooks/eventgrid') return eventGrid.serve(request, response, url);
    const match = routes.find(request.method ?? 'GET', url.pathname);
    if (match !== undefined) return http.serve(request, response, url, match);
    if (path === '/') return home(response);
    answer(response, 404);
  };
  return { serve, invoker, timers, streaming };
}

function bodyLimit(setting: string | undefined): number {
  const bytes = Number(setting ?? BODY_LIMIT_BYTES);
  if (Number.isSafeInteger(bytes) && bytes >= 0) return bytes;
  throw new Error(`${BODY_LIMIT_VARIABLE} must be a number of bytes, not "${setting}"`);
}

/** The address that the client asked for; undefined for a request line or host that makes none. */
function requestUrl(request: IncomingMessage): URL | undefined {
  const target = request.url ?? '';
  const { host } = request.headers;
  if (!target.startsWith('/') || host === undefined) return undefined;
  return URL.parse(`http://${host}${target}`) ?? undefined;
}

function home(response: ServerResponse): void {
  if (process.env['AzureWebJobsDisableHomepage']?.toLowerCase() === 'true') {
    answer(response, 204);
    return;
  }
  response.setHeader('content-type', 'text/html; charset=utf-8');
  response.end(
    '<!doctype html><html lang="en"><title>Function app</title><h1>This function app is running.</h1></html>\n',
  );
}

function appHookContext(app: CoreApp, own: object): object {
  return Object.defineProperties(own, {
    hookData: readOnly('hookData', () => app.appLevelHookData),
    appHookData: readOnly('appHookData', () => app.appHookData),
  });
}

function closeOnce(close: () => Promise<void>): () => Promise<void> {
  let closing: Promise<void> | undefined;
  return () => {
    closing ??= close();
    return closing;
  };
}
