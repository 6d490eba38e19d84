/** The product's own answers about a call: its timeline from the control app, its counts from the relay. */
import { ask } from './ask.ts';
import { askRepeatedly } from './ask-repeatedly.ts';
import { countsOfCall, type RelayCounts, type StreamCounts } from './counts-of-call.ts';
import type { RunningSystem } from './running-system.ts';

export interface TimelineEvent {
  readonly atMs: number;
  readonly source: string;
  readonly type: string;
  readonly details?: Readonly<Record<string, string | number | boolean>>;
}

export interface ProductCall {
  readonly callId: string;
  readonly callConnectionId?: string;
  readonly correlationId?: string;
  readonly state: string;
  readonly route?: string;
  readonly endedBy?: string;
  readonly plan?: { readonly workers: readonly { readonly name: string }[] };
  readonly streaming: { readonly state: string };
  readonly timeline?: readonly TimelineEvent[];
}

/** A call that has just ended is among the last of them. */
const PAST_CALLS = 50;
/** The relay gathers what workers publish, and may drop some of it. */
const TEXT_ATTEMPTS = 20;

export class ControlApi {
  readonly #system: Pick<RunningSystem, 'urls' | 'keys'>;

  constructor(system: Pick<RunningSystem, 'urls' | 'keys'>) {
    this.#system = system;
  }

  /** Any request to the control app, with the key. */
  request(method: string, path: string, body?: unknown): Promise<Response> {
    return ask('the control app', `${this.#system.urls.control}/api${path}`, {
      method,
      headers: {
        'x-functions-key': this.#system.keys.functions,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }

  async call(callId: string): Promise<ProductCall | undefined> {
    const response = await this.request('GET', `/calls/${callId}`);
    return response.ok ? ((await response.json()) as ProductCall) : undefined;
  }

  /** With what its workers have published, as far as that comes within two seconds. */
  async callWithTexts(callId: string, counts: RelayCounts | undefined): Promise<ProductCall | undefined> {
    const published = counts?.workers.reduce((sum, worker) => sum + worker.published, 0) ?? 0;
    return await askRepeatedly(
      TEXT_ATTEMPTS,
      () => this.call(callId),
      (call) => (call?.timeline ?? []).filter(({ source }) => source === 'worker').length >= published,
    );
  }

  async findLive(callConnectionId: string): Promise<ProductCall | undefined> {
    const query = new URLSearchParams({ callConnectionId });
    const response = await this.request('GET', `/calls?${query}`);
    if (!response.ok) return undefined;
    const { calls } = (await response.json()) as { calls: ProductCall[] };
    return calls.find(({ state }) => state !== 'ended');
  }

  /** The live or past call that ACS names so. */
  async find(correlationId: string): Promise<ProductCall | undefined> {
    for (const query of ['', `?state=ended&limit=${PAST_CALLS}`]) {
      const response = await this.request('GET', `/calls${query}`);
      if (!response.ok) continue;
      const { calls } = (await response.json()) as { calls: ProductCall[] };
      const found = calls.find((call) => call.correlationId === correlationId);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** What the relay counted of the call with this connection id; undefined when it has not seen it, or not lately. */
  async relayCounts(callConnectionId: string): Promise<RelayCounts | undefined> {
    const response = await ask('the relay', `${this.#system.urls.relay}/calls`, {
      headers: { authorization: `Bearer ${this.#system.keys.relayAdmin}` },
    });
    if (!response.ok) return undefined;
    const { calls } = (await response.json()) as { calls: StreamCounts[] };
    return countsOfCall(calls.filter((call) => call.callConnectionId === callConnectionId));
  }
}
