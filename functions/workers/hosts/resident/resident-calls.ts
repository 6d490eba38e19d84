/** The calls of the resident workers in this process. They begin with an event at the webhook. */
import type { LaneRequest } from '../../kit/lane-event.ts';
import { readWorkerEvent, type WorkerEvent } from '../../kit/lane-message.ts';
import type { LaneResponse } from '../../kit/run-event.ts';
import type { Worker } from '../../kit/worker.ts';
import {
  ResidentCall,
  type ResidentCallOptions,
  type ResidentEnd,
  type ResidentLosses,
} from './resident-call.ts';
import type { LostMessages } from './waiting-messages.ts';

/** Most calls that one process takes. It refuses more. */
const MAX_RESIDENT_CALLS = 200;

interface ResidentCallsOptions
  extends Omit<ResidentCallOptions, 'worker' | 'callId' | 'onFailed' | 'onDropped' | 'onOver'> {
  readonly onFailed: (worker: string, callId: string, error: unknown, unlogged: number) => void;
  readonly onDropped: (worker: string, callId: string, dropped: LostMessages) => void;
  readonly onOver: (worker: string, callId: string, end: ResidentEnd, losses: ResidentLosses) => void;
}

export class ResidentCalls {
  readonly #options: ResidentCallsOptions;
  readonly #calls = new Map<string, ResidentCall>();
  #isClosed = false;

  constructor(options: ResidentCallsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#calls.size;
  }

  /**
   * Answers an event of a lane: `call.started` once the call is joined, so that the relay publishes nothing before. A
   * call that is already here goes on. Every other event comes through the call's group.
   */
  async handle(worker: Worker, request: LaneRequest): Promise<LaneResponse> {
    const key = `${request.callId}/${worker.name}`;
    try {
      const event = readWorkerEvent(request.contentType, request.body);
      if (event?.type !== 'call.started') return { outcome: 'ignored', status: 204 };
      const call = this.#calls.get(key);
      if (call === undefined) await this.#join(worker, request.callId, key, event);
      else {
        // The relay publishes as soon as this is answered, also where the event came twice.
        await call.joined;
        if (event.discontinuity === true) call.goOn(event);
      }
      return { outcome: 'silent', status: 204 };
    } catch (error) {
      return failed(worker, error);
    }
  }

  /** Gives up every call and takes no more. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#calls.values()].map((call) => call.leave()));
  }

  async #join(worker: Worker, callId: string, key: string, started: WorkerEvent): Promise<void> {
    if (this.#isClosed) throw new Error('the worker is shutting down');
    if (this.#calls.size >= MAX_RESIDENT_CALLS) {
      throw new Error(`this process already has ${MAX_RESIDENT_CALLS} calls, which is its limit`);
    }
    const { onFailed, onDropped, onOver, ...options } = this.#options;
    const call = new ResidentCall({
      ...options,
      worker,
      callId,
      onFailed: (error, unlogged) => onFailed(worker.name, callId, error, unlogged),
      onDropped: (dropped) => onDropped(worker.name, callId, dropped),
      onOver: (end, losses) => {
        if (this.#calls.get(key) === call) this.#calls.delete(key);
        onOver(worker.name, callId, end, losses);
      },
    });
    this.#calls.set(key, call);
    await call.join(started);
  }
}

/**
 * An answer of status 200 with the failure in it: Web PubSub repeats events on 5xx, or closes the lane on other errors.
 */
function failed(worker: Worker, error: unknown): LaneResponse {
  const text = `Worker ${worker.name} could not take the call; the log of its process says more.`;
  const body = JSON.stringify({ actions: [{ type: 'failed', text }] });
  return { outcome: 'failed', status: 200, message: { contentType: 'application/json', body }, error };
}
