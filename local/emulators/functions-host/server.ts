import type { IncomingMessage, ServerResponse } from 'node:http';
import { resolve } from 'node:path';
import { answerAndClose } from '../common/answer.ts';
import type { RunningServer } from '../common/child.ts';
import { listen } from '../common/listen.ts';
import { CutOffError } from '../common/read-body.ts';
import { CoreApp } from './app/core-app.ts';
import { installCoreModule } from './app/core-module.ts';
import { formatRecord, isShown } from './app/log.ts';
import { Dispatcher } from './dispatcher.ts';
import type { IndexedFunction } from './functions/function-index.ts';
import { functionList } from './functions/function-list.ts';
import { readHostJson } from './functions/host-json.ts';
import { Invoker } from './functions/invoker.ts';
import { type HostKeys, KeyCheck } from './functions/keys.ts';
import { appHookContext, loadApp } from './functions/load-app.ts';
import { hangs } from './http/hangs.ts';
import { TimerRunner } from './timer/timer-runner.ts';

export interface FunctionsHostOptions {
  /** The app's folder: host.json and package.json are in it. */
  readonly app: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly host?: string;
  readonly keys: HostKeys;
  readonly frontEndLimitMs?: number;
  /** Answers 502 with the reason where the host in Azure leaves a request without an answer. */
  readonly strict?: boolean;
  /** Stops as in Azure: SIGTERM has no effect for a while, and no appTerminate hook ever runs. */
  readonly stopsLikeAzure?: boolean;
}

export interface RunningFunctionsHost extends RunningServer {
  readonly functions: readonly { readonly name: string; readonly kind: IndexedFunction['kind'] }[];
}

/** After this long the front end of Azure stops waiting for an HTTP function. */
const FRONT_END_LIMIT_MS = 230_000;
/** The host's own limit on request bodies, and the setting that replaces it. */
const BODY_LIMIT_BYTES = 104_857_600;
const BODY_LIMIT_VARIABLE = 'FUNCTIONS_REQUEST_BODY_SIZE_LIMIT';
/** The request line and all headers together, as the host's own server (Kestrel) takes them. */
const MAX_HEADER_BYTES = 32_768;
/** How long the host in Azure serves on after SIGTERM. */
const SERVES_ON_MS = 75_000;
/** How long running invocations may go on once the host closes. */
const DRAIN_LIMIT_MS = 1_500;

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
  const hostJson = readHostJson(appFolder, process.env);
  const host = options.host ?? '127.0.0.1';
  const app = new CoreApp((record) => {
    if (isShown(record.level, hostJson.logLevelOf(record.functionName, record.category))) {
      process.stdout.write(`${formatRecord(record, Date.now())}\n`);
    }
  });
  installCoreModule(app.coreApi());

  // Listening comes first: a taken port is found before the app is loaded, and the app can be told its own address.
  let serve: Serve = unavailable;
  const { server, url } = await listen(host, options.port, undefined, { maxHeaderSize: MAX_HEADER_BYTES });
  server.on('request', (request, response) => {
    response.on('error', () => {});
    serve(request, response).catch((error: unknown) => {
      if (error instanceof CutOffError) return;
      const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
      app.log({ level: 'error', category: 'system', message: `the host failed on a request: ${detail}` });
      if (response.headersSent) response.destroy();
      else answerAndClose(response, 500);
    });
  });

  try {
    process.env['AZURE_FUNCTIONS_ENVIRONMENT'] ??= 'Development';
    process.env['WEBSITE_HOSTNAME'] ??= new URL(url).host;
    const { functions, httpUri } = await loadApp(app, appFolder, hostJson);
    const invoker = new Invoker(app, hostJson);
    const timers = new Map<string, TimerRunner>();
    for (const target of functions) {
      if (target.kind === 'timer') timers.set(target.name, new TimerRunner(target, invoker));
    }
    const dispatcher = new Dispatcher({
      functions,
      timers,
      invoker,
      keys: new KeyCheck(options.keys),
      httpUri,
      frontEndLimitMs: options.frontEndLimitMs ?? FRONT_END_LIMIT_MS,
      bodyLimitBytes: bodyLimit(process.env[BODY_LIMIT_VARIABLE]),
      onHang: hangs(app, options.strict === true),
    });
    // A disabled timer keeps its runner, so that a person can still run the function by hand.
    for (const target of functions) if (!target.isDisabled) timers.get(target.name)?.start();
    serve = (request, response) => dispatcher.serve(request, response);
    process.stdout.write(functionList(functions, url));
    const terminate = (): void => {
      const message = `SIGTERM: serves on for ${SERVES_ON_MS / 1_000} s, as in Azure`;
      app.log({ level: 'warning', category: 'system', message });
      setTimeout(() => process.exit(0), SERVES_ON_MS).unref();
    };
    return {
      ...(options.stopsLikeAzure === true ? { terminate } : {}),
      url,
      functions: functions.map(({ name, kind }) => ({ name, kind })),
      close: closeOnce(async () => {
        serve = unavailable;
        server.close();
        for (const timer of timers.values()) timer.close();
        await invoker.drain(DRAIN_LIMIT_MS);
        try {
          if (options.stopsLikeAzure !== true) await app.runHooks('appTerminate', appHookContext(app, {}));
        } finally {
          dispatcher.close();
          server.closeAllConnections();
        }
      }),
    };
  } catch (error) {
    server.close();
    server.closeAllConnections();
    throw error;
  }
}

type Serve = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Answers while the app loads and while the host closes. */
const unavailable: Serve = async (_, response) => answerAndClose(response, 503);

function bodyLimit(setting: string | undefined): number {
  const bytes = Number(setting ?? BODY_LIMIT_BYTES);
  if (Number.isSafeInteger(bytes) && bytes >= 0) return bytes;
  throw new Error(`${BODY_LIMIT_VARIABLE} must be a number of bytes, not "${setting}"`);
}

function closeOnce(close: () => Promise<void>): () => Promise<void> {
  let closing: Promise<void> | undefined;
  return () => {
    closing ??= close();
    return closing;
  };
}
