/** The product's own answers about a call: its timeline from the control app, its counts from the relay. */
import type { RunningSystem } from './running-system.ts';

interface TimelineEvent {
  readonly atMs: number;
  readonly source: string;
  readonly type: string;
}

export interface ProductCall {
  readonly callId: string;
  readonly callConnectionId?: string;
  readonly state: string;
  readonly streaming: { readonly state: string };
  readonly timeline?: readonly TimelineEvent[];
}

/** What the relay counts of one worker on one call. */
export interface WorkerCounts {
  readonly name: string;
  readonly chunksSent: number;
  readonly chunksAcked: number;
  readonly chunksFailed: number;
  readonly lostMs: number;
  readonly droppedMs: number;
  readonly repliesPlayed: number;
  readonly ackedMs: number;
  readonly repliesPlayedMs: number;
  readonly repliesIgnoredMs: number;
  readonly roundTripMs?: { readonly p50: number; readonly p99: number; readonly max: number };
  /** How long the caller waited for answers; of workers that converse. */
  readonly turns?: {
    readonly turns: number;
    readonly turnsAnswered: number;
    readonly speechLatencyMs: { readonly p50?: number; readonly p99?: number; readonly max?: number };
  };
}

export interface RelayCounts {
  readonly callId: string;
  readonly callConnectionId: string;
  readonly state: string;
  readonly framesIn: number;
  readonly framesOut: number;
  readonly audioMsIn: number;
  readonly audioMsOut: number;
  readonly audioMsFiller: number;
  readonly audioMsDropped: number;
  readonly audioMsCut: number;
  readonly endedReason?: string;
  readonly ignored: Readonly<Record<string, number>>;
  readonly workers: readonly WorkerCounts[];
}

export class ControlApi {
  readonly #system: Pick<RunningSystem, 'urls' | 'keys'>;

  constructor(system: Pick<RunningSystem, 'urls' | 'keys'>) {
    this.#system = system;
  }

  /** Any request to the control app, with the key. */
  request(method: string, path: string, body?: unknown): Promise<Response> {
    return fetch(`${this.#system.urls.control}/api${path}`, {
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

  async findLive(callConnectionId: string): Promise<ProductCall | undefined> {
    const response = await this.request('GET', '/calls');
    if (!response.ok) return undefined;
    const { calls } = (await response.json()) as { calls: ProductCall[] };
    return calls.find((call) => call.callConnectionId === callConnectionId);
  }

  /** What the relay counted of the call with this connection id; undefined when it has not seen it, or not lately. */
  async relayCounts(callConnectionId: string): Promise<RelayCounts | undefined> {
    const response = await fetch(`${this.#system.urls.relay}/calls`, {
      headers: { authorization: `Bearer ${this.#system.keys.relayAdmin}` },
    });
    if (!response.ok) return undefined;
    const { calls } = (await response.json()) as { calls: RelayCounts[] };
    return calls.findLast((call) => call.callConnectionId === callConnectionId);
  }
}
