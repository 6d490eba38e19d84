import { ConfigError } from '../../shared/base/settings.ts';
import { RoutesError } from '../../shared/wire/call/routes-schema.ts';
import type { ControlApp, LoadControlApp } from './app.ts';
import { ProblemError } from './http/invocation.ts';
import type { Log } from './use-cases/deps.ts';

/** The app for a request whose sender has proved nothing yet: what is wrong with its settings is for the log alone. @throws ProblemError */
export async function loadForUnauthenticated(load: LoadControlApp, log: Log): Promise<ControlApp> {
  try {
    return await load();
  } catch (error) {
    if (!(error instanceof ConfigError) && !(error instanceof RoutesError)) throw error;
    log.error('The settings are not usable', { why: error.message });
    throw new ProblemError('misconfigured', 'The log of the app lists the settings that need attention.');
  }
}
