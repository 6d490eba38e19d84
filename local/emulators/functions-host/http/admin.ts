import type { IncomingMessage, ServerResponse } from 'node:http';
import { answer, answerAndClose } from '../../common/answer.ts';
import { isRecord, jsonOf } from '../../common/json.ts';
import { readBody } from '../../common/read-body.ts';
import type { IndexedFunction } from '../functions/function-index.ts';
import { type Invoker, systemMetadata } from '../functions/invoker.ts';
import type { KeyCheck } from '../functions/keys.ts';
import { pathSegments } from '../functions/route-template.ts';
import type { TimerRunner } from '../timer/timer-runner.ts';
import { isRefused } from './refusals.ts';

const INPUT_LIMIT_BYTES = 1_048_576;

export interface AdminOptions {
  readonly functions: readonly IndexedFunction[];
  readonly timers: ReadonlyMap<string, TimerRunner>;
  readonly invoker: Invoker;
  readonly keys: KeyCheck;
}

/** What the host has under `/admin`. */
const AREAS: ReadonlySet<string> = new Set(['extensions', 'functions', 'host', 'instance', 'vfs', 'worker']);

/** The host's own API under `/admin`: a ping for everybody, and for the master key running a function. */
export class Admin {
  readonly #options: AdminOptions;

  constructor(options: AdminOptions) {
    this.#options = options;
  }

  async serve(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const [, area = '', name, ...rest] = pathSegments(url.pathname.toLowerCase());
    const { method = 'GET' } = request;
    if (!AREAS.has(area)) return answer(response, 404);
    const isPing = area === 'host' && name === 'ping' && rest.length === 0;
    if (isPing) return answer(response, ['GET', 'POST'].includes(method) ? 200 : 404);
    if (isRefused(this.#options.keys, request, response, url)) return;
    const isRun = method === 'POST' && area === 'functions' && rest.length === 0;
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
  const content = jsonOf(body.toString('utf8'));
  if (!isRecord(content)) return undefined;
  const input = content['input'] ?? '';
  return typeof input === 'string' ? input : undefined;
}
