/** Which of the two function apps this process is. */
import * as z from 'zod';
import { type Environment, SettingsReader } from '../shared/base/settings.ts';
import { setting } from '../shared/settings/values.ts';

export const APP_ROLE_SETTING = {
  APP_ROLE: setting({
    what: 'The role of this function app.',
    where: 'You choose: "control" for the app that answers calls, "worker" for an app that hears them.',
    example: 'control',
    schema: z.enum(['control', 'worker'], { error: 'must be "control" or "worker"' }) as z.ZodType<
      'control' | 'worker',
      string
    >,
  }),
} as const;

/** Which functions this app registers. @throws ConfigError */
export function readAppRole(env: Environment): 'control' | 'worker' {
  const settings = new SettingsReader('function app', env);
  const role = settings.read('APP_ROLE', APP_ROLE_SETTING.APP_ROLE);
  settings.finish();
  return role;
}
