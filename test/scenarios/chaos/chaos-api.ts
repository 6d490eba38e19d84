import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { CallView } from '../../../shared/wire/api/call-schema.ts';
import type { ProductCall } from './chaos-verdict.ts';

/** How often a request is repeated that was not answered or should come again, and after what. */
const ATTEMPTS = 8;
const PAUSE_MS = 250;
const LIMIT_MS = 15_000;

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** Something asked of the API. */
export interface Act {
  /** Default: POST. */
  readonly method?: 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: object;
}

/** The HTTP API for somebody who repeats what was not answered, with the same Idempotency-Key, until it is. */
export class ChaosApi {
  readonly #base: string;
  readonly #key: string;

  constructor(base: string, key: string) {
    this.#base = base;
    this.#key = key;
  }

  /**
   * Undefined: never answered. What the app could not do now (503) may be asked for again under the same key, except
   * where `once`: a call that could not be placed may have rung all the same.
   */
  async act({ method = 'POST', path, body = {} }: Act, once = false): Promise<Answer | undefined> {
    const headers = { 'idempotency-key': randomUUID(), 'content-type': 'application/json' };
    const request = { method, headers, ...(method === 'DELETE' ? {} : { body: JSON.stringify(body) }) };
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#ask(path, request);
      if (answer !== undefined && !comesAgain(answer, once)) return answer;
      if (attempt === ATTEMPTS) return answer;
      await delay(PAUSE_MS);
    }
  }

  /** The calls that have not ended; undefined where they cannot be listed now. */
  async live(): Promise<CallView[] | undefined> {
    const answer = await this.#ask('/calls?limit=1000', {});
    return answer?.status === 200 ? (answer.body['calls'] as CallView[]) : undefined;
  }

  /** Every call that the product has ever had, with its timeline. */
  async all(): Promise<ProductCall[]> {
    const views = [...(await this.#pages('/calls?limit=1000'))];
    views.push(...(await this.#pages('/calls?state=ended&limit=500')));
    const calls: ProductCall[] = [];
    const waiting = views.values();
    const read = async (): Promise<void> => {
      for (const { callId } of waiting)
        calls.push((await this.#get(`/calls/${callId}`)) as unknown as ProductCall);
    };
    await Promise.all(Array.from({ length: 8 }, read));
    return calls;
  }

  async #pages(path: string): Promise<CallView[]> {
    const calls: CallView[] = [];
    for (let after = ''; ; ) {
      const page = await this.#get(`${path}${after}`);
      calls.push(...(page['calls'] as CallView[]));
      if (page['next'] === undefined) return calls;
      after = `&after=${String(page['next'])}`;
    }
  }

  async #get(path: string): Promise<Answer['body']> {
    const answer = await this.#ask(path, {});
    if (answer?.status !== 200) throw new Error(`GET ${path} was answered ${answer?.status ?? 'not at all'}`);
    return answer.body;
  }

  async #ask(path: string, request: RequestInit & { headers?: object }): Promise<Answer | undefined> {
    try {
      const response = await fetch(`${this.#base}/api${path}`, {
        ...request,
        headers: { 'x-functions-key': this.#key, ...request.headers },
        signal: AbortSignal.timeout(LIMIT_MS),
      });
      const text = await response.text();
      return { status: response.status, body: text === '' ? {} : JSON.parse(text) };
    } catch {
      // The app is not there just now.
      return undefined;
    }
  }
}

/** Served by somebody else at this moment, or not to be had now. */
function comesAgain({ status, body }: Answer, once: boolean): boolean {
  if (body['type'] === 'urn:trunkline:problem:idempotency-in-progress') return true;
  return !once && (status === 429 || status === 503);
}
