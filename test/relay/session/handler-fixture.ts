/**
 * The session of the relay and the kit of the workers, joined in memory as Web PubSub joins them: one event at a time,
 * the state of a lane with each, and groups beside them.
 */
import { afterEach, beforeEach, vi } from 'vitest';
import { defineWorker } from '../../../functions/workers/kit/define-worker.ts';
import { handleLaneEvent } from '../../../functions/workers/kit/lane-event.ts';
import type { LaneResponse } from '../../../functions/workers/kit/run-event.ts';
import type { Listen } from '../../../functions/workers/kit/running-handler.ts';
import type { ChunkWorkerDefinition } from '../../../functions/workers/kit/worker.ts';
import type { LaneEvent } from '../../../shared/wire/lane/worker-messages.ts';
import type { ScriptedLane } from '../lane/scripted-lane.ts';
import { dtmf } from '../listen/acs-messages.ts';
import { settled } from '../relay-clock.ts';
import { CALL_ID, sessionFixture } from './session-fixture.ts';

export const SAMPLES_PER_MS = 16;

const CONTROL = { url: 'https://control.example', token: 'token', peer: '4:+14255550100' };

/** Samples that are not silence. */
export const said = (ms: number, value = 7): Int16Array => new Int16Array(ms * SAMPLES_PER_MS).fill(value);

/** The timers of the kit stand still. The relay has a clock of its own, which needs `setImmediate`. */
export function fakeKitTimers(): void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });
}

interface Heard {
  readonly outcomes: LaneResponse['outcome'][];
  readonly errors: unknown[];
  /** What the worker would find with its next event. */
  connectionState: string | undefined;
  /** What was played or acted too late. */
  readonly late: string[];
  readonly published: Published;
}

/** How Web PubSub takes what the worker publishes. */
interface Published {
  /** How long each message takes. */
  everyMs: number;
  messages: number;
}

/** A worker in a function app at the other end of a scripted lane. @param joinsAfterMs how long it takes to listen */
function functionApp<S extends object>(
  lane: ScriptedLane,
  members: Partial<ChunkWorkerDefinition<S>>,
  joinsAfterMs = 0,
): Heard {
  const worker = defineWorker({
    name: 'echo',
    listen: { mode: 'chunk', ms: 100 },
    onAudio: () => undefined,
    ...members,
  } as ChunkWorkerDefinition<S>);
  const published: Published = { everyMs: 0, messages: 0 };
  const app: Heard = { outcomes: [], errors: [], connectionState: undefined, late: [], published };
  const listeners = new Set<(event: LaneEvent) => void>();
  const listen: Listen = ({ turn }, heard) => {
    const timer = setTimeout(() => {
      listeners.add(heard);
      lane.replyJson({ type: 'listening', turn }, 'group');
    }, joinsAfterMs);
    return () => {
      clearTimeout(timer);
      listeners.delete(heard);
    };
  };
  const publish = async (_: string, message: Uint8Array | object): Promise<void> => {
    published.messages += 1;
    if (published.everyMs > 0) await new Promise((resolve) => setTimeout(resolve, published.everyMs));
    if (message instanceof Uint8Array) lane.replyBytes(message, 'group');
    else lane.replyJson(message, 'group');
  };
  const handle = async (event: LaneEvent): Promise<void> => {
    const request = {
      callId: CALL_ID,
      contentType: 'application/json',
      body: Buffer.from(
        JSON.stringify(event.type === 'call.started' ? { ...event, control: CONTROL } : event),
      ),
      connectionState: app.connectionState,
    };
    const response = await handleLaneEvent(worker, request, {
      publish,
      listen,
      onLate: ({ message }) => app.late.push(message),
    });
    app.connectionState = response.connectionState ?? app.connectionState;
    app.outcomes.push(response.outcome);
    if (response.error !== undefined) app.errors.push(response.error);
    const { body } = response.message ?? {};
    if (typeof body === 'string') lane.replyJson(JSON.parse(body));
    else if (body !== undefined) lane.replyBytes(body);
    lane.acknowledge();
  };
  let sent = 0;
  let told = 0;
  lane.onOutgoing = () => {
    for (const event of lane.told.slice(told)) for (const heard of listeners) heard(event);
    told = lane.told.length;
    for (const message of lane.sent.slice(sent)) {
      sent += 1;
      if ('event' in message) queueMicrotask(() => void handle(message.event));
      else throw new Error('this call has no audio');
    }
  };
  return app;
}

/** A call whose keys interrupt the worker. */
export async function callWith<S extends object>(
  members: Partial<ChunkWorkerDefinition<S>>,
  joinsAfterMs = 0,
) {
  const test = sessionFixture({ bargeIn: { policy: 'dtmf' }, jitterBufferMs: 0 });
  const lane = test.lanes.of('echo');
  const app = functionApp(lane, members, joinsAfterMs);
  lane.started();
  await settled();
  return {
    ...test,
    app,
    published: app.published,
    async press(tone: string): Promise<void> {
      test.receive(dtmf(tone));
      await settled();
    },
    /** Somebody outside the call sends the worker a message, which interrupts nothing. */
    async say(data: string): Promise<void> {
      let isDone = false;
      const done = test.control({ type: 'message', data }).finally(() => {
        isDone = true;
      });
      for (; !isDone; await settled()) await vi.advanceTimersByTimeAsync(1);
      await done;
    },
    /** Both the relay and the worker app let time pass. */
    async pass(ms: number): Promise<void> {
      await vi.advanceTimersByTimeAsync(ms);
      await test.clock.advance(ms);
    },
  };
}
