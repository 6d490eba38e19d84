import { CHUNK_MS, type ListenMode, UTTERANCE_MS } from '../../../shared/call/plan.ts';
import { listenOptionsSchema } from '../../../shared/wire/call/listen-schema.ts';
import { WORKER_NAME_PATTERN } from '../../../shared/wire/names.ts';
import type { DefinedWorker, WorkerDefinition } from './worker.ts';

export class WorkerDefinitionError extends Error {
  override readonly name = 'WorkerDefinitionError';
}

/** The state of a worker that declares none. */
type NoState = Record<string, never>;

/** The handler of audio in each listen mode. */
const HEARS = { chunk: 'onAudio', utterance: 'onUtterance', stream: 'onAudio' } as const satisfies Record<
  ListenMode['mode'],
  string
>;

const HANDLERS = [
  'initialState',
  'onCallStarted',
  'onParticipant',
  'onAudio',
  'onUtterance',
  'onSpeechStarted',
  'onSpeechEnded',
  'onDtmf',
  'onInterrupted',
  'onPlayed',
  'onMessage',
  'onCallEnded',
] as const;

type Members = Readonly<Record<string, unknown>>;

/**
 * Declares a worker. The type of `state` in the handlers is what `initialState` returns. Defaults of `listen` are
 * filled in.
 * @throws WorkerDefinitionError naming the first rule that the definition breaks.
 */
export function defineWorker<S extends object = NoState>(definition: WorkerDefinition<S>): DefinedWorker<S> {
  const problem = problemOf(definition);
  if (problem !== undefined) {
    throw new WorkerDefinitionError(`worker ${JSON.stringify(definition.name)}: ${problem}`);
  }
  const listen = listenOptionsSchema.parse(definition.listen);
  return Object.freeze({ ...definition, listen } as DefinedWorker<S>);
}

/** Definitions also come from JavaScript, where types check nothing, so this checks every member. */
function problemOf(definition: object): string | undefined {
  const members = definition as Members;
  if (typeof members['name'] !== 'string' || !WORKER_NAME_PATTERN.test(members['name'])) {
    return `a name matches ${WORKER_NAME_PATTERN.source} (lower case letters, digits, hyphens)`;
  }
  const wrong = HANDLERS.find((name) => members[name] !== undefined && typeof members[name] !== 'function');
  if (wrong !== undefined) return `${wrong} must be a function`;
  const listen = (typeof members['listen'] === 'object' ? members['listen'] : undefined) ?? {};
  return problemOfListen(listen as Members) ?? problemOfHearing(members, listen as Pick<ListenMode, 'mode'>);
}

function problemOfHearing(members: Members, { mode }: Pick<ListenMode, 'mode'>): string | undefined {
  const needed = HEARS[mode];
  if (members[needed] === undefined) return `${needed} is missing`;
  const idle = Object.values(HEARS).find((name) => name !== needed && members[name] !== undefined);
  return idle === undefined ? undefined : `${idle} is never called in the listen mode "${mode}"`;
}

function problemOfListen(listen: Members): string | undefined {
  switch (listen['mode']) {
    case 'chunk':
      return problemOfMs('ms', listen['ms'], CHUNK_MS);
    case 'utterance':
      return problemOfUtterance(listen);
    case 'stream':
      return problemOfSchema(listen);
    default:
      return `listen.mode must be "chunk", "utterance" or "stream", not ${JSON.stringify(listen['mode'])}`;
  }
}

function problemOfUtterance(listen: Members): string | undefined {
  for (const [name, bounds] of Object.entries(UTTERANCE_MS)) {
    const problem = problemOfMs(name, listen[name], bounds);
    if (problem !== undefined) return problem;
  }
  const speechEvents = listen['speechEvents'];
  if (speechEvents !== undefined && typeof speechEvents !== 'boolean') {
    return `listen.speechEvents must be true or false, not ${JSON.stringify(speechEvents)}`;
  }
  return problemOfSchema(listen);
}

function problemOfSchema(listen: Members): string | undefined {
  const { success, error } = listenOptionsSchema.safeParse(listen);
  return success ? undefined : `listen: ${error.issues.map(({ message }) => message).join('; ')}`;
}

function problemOfMs(
  name: string,
  value: unknown,
  { min, max }: { readonly min: number; readonly max: number },
): string | undefined {
  if (value === undefined) return undefined;
  const isRight = typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
  return isRight
    ? undefined
    : `listen.${name} must be a whole number from ${min} to ${max}, not ${JSON.stringify(value)}`;
}
