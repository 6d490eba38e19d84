/** Who is on a call now: the workers of its plan, and those that the API has attached and detached since. Pure. */
import { MAX_WORKERS } from '../../../shared/call/plan.ts';
import type { Call, CallWorker } from './model.ts';

/** Undefined for a worker that is not on the call. */
export function workerOn(call: Call, name: string): CallWorker | undefined {
  return workersOf(call).find((worker) => worker.name === name);
}

/** As the relay does it: a worker that is on the call stays as it is, and a full call takes no other. */
export function withWorker(call: Call, { name, speaks }: CallWorker): Call {
  const workers = workersOf(call);
  if (workerOn(call, name) !== undefined || workers.length >= MAX_WORKERS) return call;
  return { ...call, workers: [...workers, { name, ...(speaks === undefined ? {} : { speaks }) }] };
}

export function withoutWorker(call: Call, name: string): Call {
  if (workerOn(call, name) === undefined) return call;
  return { ...call, workers: workersOf(call).filter((worker) => worker.name !== name) };
}

function workersOf({ workers, plan }: Call): readonly CallWorker[] {
  return workers ?? plan.workers;
}
