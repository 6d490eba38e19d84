/** One event of a lane, from the bytes that came to the answer that goes back. Knows nothing of HTTP. */
import { createHash, randomUUID } from 'node:crypto';
import { readWorkerEvent } from './lane-message.ts';
import { type LanePorts, type LaneResponse, runEvent } from './run-event.ts';
import type { Worker } from './worker.ts';

export interface LaneRequest {
  readonly callId: string;
  readonly contentType: string;
  readonly body: Uint8Array;
  /** The header `ce-connectionState`, as the last response set it. */
  readonly connectionState: string | undefined;
  /** The lane's connection. Omit it where each event comes once. */
  readonly connectionId?: string;
  /** Of the invocation (W3C Trace Context). */
  readonly traceparent?: string | undefined;
}

/** Runs the event of a request through a worker. Never throws. */
export function handleLaneEvent(
  worker: Worker,
  request: LaneRequest,
  ports?: LanePorts,
): Promise<LaneResponse> {
  const { callId, contentType, body, connectionState, traceparent } = request;
  const input = {
    callId,
    read: () => readWorkerEvent(contentType, body),
    connectionState,
    eventKey: () => keyOf(request),
    traceparent,
  };
  return runEvent(worker, input, ports);
}

/** The same for the same event of the same lane. */
function keyOf({ connectionId, connectionState = '', contentType, body }: LaneRequest): string {
  if (connectionId === undefined) return randomUUID();
  const sum = createHash('sha256');
  for (const part of [connectionId, connectionState, contentType]) sum.update(`${part.length}:${part};`);
  return sum.update(body).digest('base64url');
}
