import { CHUNK_MS } from '../../shared/core/plan.ts';
import { WORKER_NAME_PATTERN } from '../../shared/protocol/names.ts';
import type { WorkerDefinition } from './worker.ts';

export class WorkerDefinitionError extends Error {
  override readonly name = 'WorkerDefinitionError';
}

/** The state of a worker that declares none. */
export type NoState = Record<string, never>;

const HANDLERS = [
  'initialState',
  'onCallStarted',
  'onParticipant',
  'onAudio',
  'onDtmf',
  'onInterrupted',
  'onPlayed',
  'onCallEnded',
] as const;

/**
 * Declares a worker. The type of `state` in the handlers is what `initialState` returns.
 * @throws WorkerDefinitionError naming the first rule that the definition breaks.
 */
export function defineWorker<S extends object = NoState>(
  definition: WorkerDefinition<S>,
): WorkerDefinition<S> {
  const problem = problemOf(definition);
  if (problem !== undefined) {
    throw new WorkerDefinitionError(`worker ${JSON.stringify(definition.name)}: ${problem}`);
  }
  return Object.freeze({ ...definition });
}

/** Definitions also come from JavaScript, which the types do not reach: everything is checked as if it were unknown. */
function problemOf(definition: object): string | undefined {
  const members = definition as Record<string, unknown>;
  if (typeof members['name'] !== 'string' || !WORKER_NAME_PATTERN.test(members['name'])) {
    return `a name matches ${WORKER_NAME_PATTERN.source} (lower case letters, digits, hyphens)`;
  }
  if (typeof members['onAudio'] !== 'function') return 'onAudio is missing';
  const wrong = HANDLERS.find((name) => members[name] !== undefined && typeof members[name] !== 'function');
  if (wrong !== undefined) return `${wrong} must be a function`;
  return problemOfListen(members['listen']);
}

function problemOfListen(listen: unknown): string | undefined {
  const { mode, ms } = (typeof listen === 'object' && listen !== null ? listen : {}) as Record<
    string,
    unknown
  >;
  if (mode === 'utterance' || mode === 'stream') {
    return `not supported: the listen mode "${mode}"; only "chunk" is built`;
  }
  if (mode !== 'chunk') return `listen.mode must be "chunk", not ${JSON.stringify(mode)}`;
  if (typeof ms !== 'number' || !Number.isInteger(ms) || ms < CHUNK_MS.min || ms > CHUNK_MS.max) {
    return `listen.ms must be a whole number from ${CHUNK_MS.min} to ${CHUNK_MS.max}, not ${JSON.stringify(ms)}`;
  }
  return undefined;
}
