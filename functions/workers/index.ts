/**
 * The workers of this app.
 *
 * To add one: write `functions/workers/<name>.ts` that exports `defineWorker({ … })`, add it to the array below, and
 * name it in a route of the setting CALL_ROUTES. The webhook, its proof of the caller and the hub's event handler serve
 * every worker in the array.
 */
import type { Worker } from '../worker-kit/worker.ts';
import { echo } from './echo.ts';
import { parrot } from './parrot.ts';
import { robot } from './robot.ts';

export const workers: readonly Worker[] = [echo, robot, parrot];
