import type { IncomingMessage, ServerResponse } from 'node:http';
import { answer, answerAndClose } from '../../common/answer.ts';
import { readBody } from '../../common/read-body.ts';
import { isRecord } from '../app/json.ts';
import type { IndexedFunction } from '../functions/function-index.ts';
import { type Invoker, systemMetadata } from '../functions/invoker.ts';
import { type KeyCheck, keyOf } from '../functions/keys.ts';
import { pathSegments } from '../functions/route-template.ts';
import type { TimerRunner } from '../timer/timer-runner.ts';

const INPUT_LIMIT_BYTES = 1_048_576;

export interface AdminOptions {
  readonly functions: readonly IndexedFunction[];
  readonly timers: ReadonlyMap<string, TimerRunner>;
  readonly invoker: Invoker;
  readonly keys: KeyCheck;
}

/** The host's own API under `/admin`, for the master key alone: running a function. */
export class Admin {
  readonly #options: AdminOptions;

  constructor(options: AdminOptions) {
    this.#options = options;
  }

  async serve(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    if (!this.#options.keys.isMaster(keyOf(request, url.searchParams))) return answer(response, 401);
    const [, area = '', name] = pathSegments(url.pathname);
    const isRun = request.method === 'POST' && area.toLowerCase() === 'functions';
    if (isRun && name !== undefined) return this.#run(request, response, name);
    answer(response, 501, `not supported: ${request.method} ${url.pathname}`);
  }

  /** Starts the function and answers at once; how it ends is in the log alone. */
  async #run(request: IncomingMessage, response: ServerResponse, name: string): Promise<void> {
    const { functions, timers, invoker } = this.#options;
    const target = functions.find((candidate) => candidate.name.toLowerCase() === name.toLowerCase());
    if (target === undefined) return answer(response, 404);
    const body = await readBody(request, INPUT_LIMIT_BYTES);
    if (body === undefined) return answerAndClose(response, 413);
    const input = parseInput(body);
    if (input === undefined) {
      return answer(response, 400, 'the body must be a JSON object with the function\'s "input" as text');
    }
    // A failure is logged by the invoker.
    const ignore = (): void => {};
    switch (target.kind) {
      case 'http':
        return answer(response, 501, `not supported: running the HTTP function "${target.name}" from here`);
      case 'timer':
        timers.get(target.name)?.runOnce().catch(ignore);
        break;
      case 'eventGrid':
        invoker
          .invoke(target, {
            data: target.isMany ? { collectionString: { string: [input] } } : { string: input },
            triggerMetadata: systemMetadata(target.name),
          })
          .catch(ignore);
        break;
    }
    answer(response, 202);
  }
}

/** `{"input": "…"}`; a missing input is an empty one. */
function parseInput(body: Buffer): string | undefined {
  let content: unknown;
  try {
    content = JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
  if (!isRecord(content)) return undefined;
  const input = content['input'] ?? '';
  return typeof input === 'string' ? input : undefined;
}
