/**
 * The workers of this app.
 *
 * To add one: write `functions/workers/samples/<name>.ts` that exports `defineWorker({ … })`, add it to the array
 * below, and name it in a route of the setting CALL_ROUTES. The webhook and the hub's event handler serve every worker
 * in the array.
 */
import type { Worker } from './kit/worker.ts';
import { echo } from './samples/echo.ts';
import { parrot } from './samples/parrot.ts';
import { robot } from './samples/robot.ts';

export const workers: readonly Worker[] = [echo, robot, parrot];
