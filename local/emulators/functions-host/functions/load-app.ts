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
