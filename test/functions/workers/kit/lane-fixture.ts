/** A lane of a worker as Web PubSub sees it, without Web PubSub. */
import { expect } from 'vitest';
import { defineWorker } from '../../../../functions/workers/kit/define-worker.ts';
import { handleLaneEvent } from '../../../../functions/workers/kit/lane-event.ts';
import type { LaneResponse } from '../../../../functions/workers/kit/run-event.ts';
import type { Worker, WorkerDefinition } from '../../../../functions/workers/kit/worker.ts';
import { formatRtp, parseRtp } from '../../../../shared/wire/lane/rtp.ts';

export const CALL_ID = '0123456789abcdef';
export const LISTEN = { mode: 'chunk', ms: 100 } as const;

export const STARTED = {
  type: 'call.started',
  callId: CALL_ID,
  callConnectionId: 'connection-1',
  from: '4:+14255550100',
  to: '4:+14255550101',
  format: 'pcm24KMono',
  participants: [],
  turn: 0,
};

export interface AudioOptions {
  readonly samples?: Int16Array;
  readonly timestamp?: number;
  readonly ssrc?: number;
  readonly payloadType?: number;
  readonly marker?: boolean;
}

export function rtp(options: AudioOptions = {}): Uint8Array {
  const {
    samples = Int16Array.of(1, -2, 3),
    timestamp = 0,
    ssrc = 0,
    payloadType = 96,
    marker = false,
  } = options;
  const payload = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
  return formatRtp({ payloadType, marker, sequenceNumber: 0, timestamp, ssrc, payload });
}

/** A lane as Web PubSub keeps it: the state of the last response comes with the next request. */
export class TestLane {
  readonly #worker: Worker;
  connectionState: string | undefined;

  constructor(worker: Worker, connectionState?: string) {
    this.#worker = worker;
    this.connectionState = connectionState;
  }

  async #send(contentType: string, body: Uint8Array): Promise<LaneResponse> {
    const { connectionState } = this;
    const response = await handleLaneEvent(this.#worker, {
      callId: CALL_ID,
      contentType,
      body,
      connectionState,
    });
    this.connectionState = response.connectionState ?? connectionState;
    return response;
  }

  audio(options: AudioOptions = {}): Promise<LaneResponse> {
    return this.#send('application/octet-stream', rtp(options));
  }

  bytes(body: Uint8Array, contentType = 'application/octet-stream'): Promise<LaneResponse> {
    return this.#send(contentType, body);
  }

  event(event: unknown): Promise<LaneResponse> {
    return this.#send('application/json; charset=utf-8', new TextEncoder().encode(JSON.stringify(event)));
  }
}

/** A lane of a worker with these handlers. */
export function lane<S extends object>(members: Partial<WorkerDefinition<S>>): TestLane {
  return new TestLane(
    defineWorker({
      name: 'test',
      listen: LISTEN,
      onAudio: () => undefined,
      ...members,
    } as WorkerDefinition<S>),
  );
}

export function packetOf(response: LaneResponse) {
  expect(response.message?.contentType, 'the reply must be audio').toBe('application/octet-stream');
  return parseRtp(response.message?.body as Uint8Array);
}

export const counter = { initialState: () => ({ heard: 0 }) };
