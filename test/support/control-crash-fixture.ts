import type { Call } from '../../functions/control/call/model.ts';
import { parseCallbacks } from '../../functions/control/triggers/call-events.ts';
import { applyCallbacks } from '../../functions/control/use-cases/apply-callbacks.ts';
import type { ControlDeps } from '../../functions/control/use-cases/deps.ts';
import { MessageEntries } from '../../functions/control/use-cases/message-entries.ts';
import { placeCall } from '../../functions/control/use-cases/place-call.ts';
import { receiveIncomingCall } from '../../functions/control/use-cases/receive-incoming-call.ts';
import { type CallAction, requestCallAction } from '../../functions/control/use-cases/request-call-action.ts';
import { sweepCalls } from '../../functions/control/use-cases/sweep-calls.ts';
import type { CallRoute } from '../../shared/call/route.ts';
import { AcsModel } from './acs-model.ts';
import { PLAN, T0 } from './calls.ts';
import { MemoryCallStore } from './memory-call-store.ts';
import { type Fate, Mortal, mortalAcs, mortalStore } from './mortal.ts';
import { silentLog } from './silent-log.ts';

const CONTEXT = 'eyJ.incoming-call-context';

/** When Event Grid delivers again what failed, after the first time, in milliseconds. */
const GRID_RETRIES_MS: readonly number[] = [10_000, 30_000, 60_000];

/** The same of callbacks of ACS. */
const CALLBACK_RETRIES_MS: readonly number[] = [500, 1_500, 4_000, 15_000];

const MINUTE_MS = 60_000;

export const MAX_CALL_MS = 15 * MINUTE_MS;

interface Timed {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void | Promise<void>;
}

/**
 * The control app, storage and ACS in a time of their own, one thing after the other. When the app's process dies, what
 * it was doing is over, who asked for it asks again if that is his way, and the next thing is done by a new process.
 */
export class ControlCrashFixture {
  readonly store = new MemoryCallStore();
  readonly acs: AcsModel;
  readonly fate: Fate;
  nowMs = T0;
  readonly #route: CallRoute;
  readonly #timed: Timed[] = [];
  /** Ids of the events that ACS has told. */
  readonly told = new Set<string>();
  #order = 0;
  #callId: string | undefined;
  #ids = 0;
  #process: Mortal;
  #deps: ControlDeps;
  /** The invocation at work. */
  #running: Invocation = idle();

  constructor(fate: Fate, route: Partial<CallRoute> = {}) {
    this.fate = fate;
    this.#route = { name: 'everyone', match: {}, action: 'answer', plan: PLAN, ...route };
    this.acs = new AcsModel({
      now: () => this.nowMs,
      after: (ms, run) => this.at(this.nowMs + ms, run),
      post: (url, event) => this.#callback(url, event, 0),
    });
    const create = this.store.create.bind(this.store);
    this.store.create = (call) => {
      this.#callId = call.callId;
      return create(call);
    };
    this.#process = new Mortal(fate);
    this.#deps = this.#depsOf(this.#process);
    for (let minute = 1; minute <= 40; minute += 1)
      this.at(T0 + minute * MINUTE_MS, async () => {
        await this.#invoke((deps) => sweepCalls(deps, silentLog));
      });
  }

  at(atMs: number, run: () => void | Promise<void>): void {
    this.#order += 1;
    this.#timed.push({ atMs, order: this.#order, run });
  }

  /** Lets everything happen that happens until then. */
  async runUntil(untilMs: number): Promise<void> {
    for (;;) {
      this.#timed.sort((a, b) => a.atMs - b.atMs || a.order - b.order);
      const next = this.#timed[0];
      if (next === undefined || next.atMs > untilMs) break;
      this.#timed.shift();
      this.nowMs = next.atMs;
      await next.run();
    }
    this.nowMs = untilMs;
  }

  /** A telephone rings, and Event Grid says so. */
  ring(): void {
    this.acs.ring(CONTEXT);
    const atMs = this.nowMs;
    const deliver = async (attempt: number): Promise<void> => {
      const incoming = {
        eventId: 'grid-event',
        atMs,
        incomingCallContext: CONTEXT,
        from: { rawId: '4:+14255550123' },
        to: { rawId: '4:+18005550199' },
        sipHeaders: {},
        voipHeaders: {},
      };
      const result = await this.#invoke((deps) => receiveIncomingCall(deps, incoming, silentLog));
      const pauseMs = GRID_RETRIES_MS[attempt];
      if (result !== 'done' && pauseMs !== undefined)
        this.at(this.nowMs + pauseMs, () => deliver(attempt + 1));
    };
    this.at(this.nowMs, () => deliver(0));
  }

  place(): void {
    this.at(this.nowMs, async () => {
      await this.#invoke((deps) => placeCall(deps, { request: { to: '4:+14255550123' } }, silentLog));
    });
  }

  /** Somebody asks for this over HTTP, once. */
  request(action: CallAction): void {
    this.at(this.nowMs, async () => {
      const { callId } = (await this.found()) ?? { callId: 'unknown' };
      await this.#invoke((deps) => requestCallAction(deps, callId, action, silentLog));
    });
  }

  /** The one call of this fixture; undefined where nothing was stored. */
  async found(): Promise<Call | undefined> {
    return this.#callId === undefined ? undefined : await this.store.get(this.#callId);
  }

  #callback(callbackUrl: string, event: Record<string, unknown>, attempt: number): void {
    const callId = callbackUrl.split('/').at(-1) ?? '';
    this.told.add(String(event['id']));
    const deliver = async (): Promise<void> => {
      const result = await this.#invoke(async (deps) => {
        const { callbacks } = parseCallbacks([event]);
        if (!(await applyCallbacks(deps, callId, callbacks, silentLog))) throw new Error('no such call');
      });
      const pauseMs = CALLBACK_RETRIES_MS[attempt];
      if (result !== 'done' && pauseMs !== undefined)
        this.at(this.nowMs + pauseMs, () => this.#callback(callbackUrl, event, attempt + 1));
    };
    this.at(this.nowMs, deliver);
  }

  /** One invocation, until it is done, has failed, sleeps, or its process is gone. */
  async #invoke(act: (deps: ControlDeps) => Promise<unknown>): Promise<'done' | 'failed' | 'died'> {
    const invocation = idle();
    this.#running = invocation;
    invocation.result = act(this.#deps).then(
      () => 'done' as const,
      () => 'failed' as const,
    );
    return await this.#untilOverOrAsleep(invocation, this.#process);
  }

  async #untilOverOrAsleep(invocation: Invocation, process: Mortal): Promise<'done' | 'failed' | 'died'> {
    const asleep = new Promise<'done'>((resolve) => {
      invocation.onSleep = () => resolve('done');
    });
    // It may have fallen asleep before it was waited for.
    if (invocation.sleeps) invocation.onSleep();
    const outcome = await Promise.race([invocation.result, process.death, asleep]);
    this.#renew();
    return outcome;
  }

  /** A process that has died is followed by another. */
  #renew(): void {
    if (!this.#process.dead) return;
    this.#process = new Mortal(this.fate);
    this.#deps = this.#depsOf(this.#process);
  }

  #depsOf(process: Mortal): ControlDeps {
    const store = mortalStore(this.store, process);
    const newId = (): string => {
      this.#ids += 1;
      return `id-${this.#ids}`;
    };
    return {
      store,
      messages: new MessageEntries({ store, newId }),
      acs: mortalAcs(this.acs, process),
      clock: { now: () => this.nowMs, sleep: (ms) => this.#sleep(process, ms) },
      newId,
      routes: {
        current: async () => [
          this.#route,
          { ...this.#route, name: 'placed', match: { direction: 'outbound' as const }, action: 'answer' },
        ],
      },
      publicBaseUrl: 'https://control.example',
      relayUrl: 'wss://relay.example',
      ticketKey: 'a ticket key for the tests, long enough',
      maxCallMs: MAX_CALL_MS,
    };
  }

  /** The invocation sleeps; others go on until its time comes, and then it goes on until it is done or sleeps again. */
  #sleep(process: Mortal, ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const invocation = this.#running;
    this.at(this.nowMs + ms, async () => {
      if (process.dead) return;
      this.#running = invocation;
      invocation.sleeps = false;
      resolve();
      await this.#untilOverOrAsleep(invocation, process);
    });
    invocation.sleeps = true;
    invocation.onSleep();
    return promise;
  }
}

/** One thing that a process does. */
interface Invocation {
  result: Promise<'done' | 'failed'>;
  sleeps: boolean;
  onSleep: () => void;
}

function idle(): Invocation {
  return { result: Promise.resolve('done'), sleeps: false, onSleep: () => {} };
}
