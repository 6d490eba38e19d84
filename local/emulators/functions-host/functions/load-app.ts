import type { CoreApp } from '../app/core-app.ts';
import { readOnly } from '../app/core-error.ts';
import type { LogLevel } from '../app/core-types.ts';
import { loadEntryPoints } from '../app/entry-points.ts';
import { type IndexedFunction, indexFunctions } from './function-index.ts';
import type { HostJson } from './host-json.ts';

export interface LoadedApp {
  readonly functions: IndexedFunction[];
  /** Where the app's own HTTP server listens, when it has switched HTTP streaming on. */
  readonly httpUri: string | undefined;
}

/**
 * Loads an app in the order of the Node worker: entry points, appStart hooks, capabilities; then its functions are
 * final. The app's folder becomes the current folder.
 *
 * @throws one sentence when the app does not load or a function breaks a rule
 */
export async function loadApp(app: CoreApp, appFolder: string, hostJson: HostJson): Promise<LoadedApp> {
  process.chdir(appFolder);
  const say = (level: LogLevel, message: string): void => app.log({ level, category: 'system', message });
  for (const setting of hostJson.ignored) {
    say('warning', `not supported: ${setting} has no effect here`);
  }
  const runtime = process.env['FUNCTIONS_WORKER_RUNTIME'];
  if (runtime === undefined) {
    say(
      'warning',
      'FUNCTIONS_WORKER_RUNTIME is not set, which is an error in Azure (AZFD0011); it is "node" here',
    );
    process.env['FUNCTIONS_WORKER_RUNTIME'] = 'node';
  } else if (runtime.toLowerCase() !== 'node') {
    throw new Error(
      `Did not find functions with language [${runtime}]. (FUNCTIONS_WORKER_RUNTIME must be "node")`,
    );
  }
  await loadEntryPoints(appFolder);
  await app.runHooks('appStart', appHookContext(app, { functionAppDirectory: appFolder }));
  const capabilities = (await app.model?.getCapabilities({})) ?? {};
  app.lock();
  const functions = indexFunctions(app, { ...hostJson, env: process.env });
  if (functions.length === 0)
    say('warning', `No job functions found. The app in ${appFolder} registered no function.`);
  const httpUri = capabilities['HttpUri'];
  if (httpUri !== undefined) say('debug', `HTTP streaming: the app listens on ${httpUri}`);
  return { functions, httpUri };
}

/** The context of the hooks that belong to the whole app. */
export function appHookContext(app: CoreApp, own: object): object {
  return Object.defineProperties(own, {
    hookData: readOnly('hookData', () => app.appLevelHookData),
    appHookData: readOnly('appHookData', () => app.appHookData),
  });
}
