/**
 * Entry of the function app. One package serves two apps, and APP_ROLE says which: the HTTP functions of an app scale
 * as one group, and calls must not wait behind audio.
 *
 * A wrong APP_ROLE throws while the app loads, so that the host reports that sentence for every invocation, instead of
 * an app without functions that answers 404 to everything.
 */
import { workers } from '#workers';
import { readAppRole } from './app-role.ts';
import { registerControl } from './control/triggers/register.ts';
import { traceInvocations } from './invocation-spans.ts';
import { registerWorkers } from './workers/hosts/functions/register.ts';

const role = readAppRole(process.env);
traceInvocations(role);
switch (role) {
  case 'control':
    registerControl();
    break;
  case 'worker':
    registerWorkers(workers);
    break;
}
