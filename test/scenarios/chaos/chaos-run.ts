import { setTimeout as delay } from 'node:timers/promises';
import type { CallReport } from '../../../local/emulators/acs/control/call-report.ts';
import type { CallView } from '../../../shared/wire/api/call-schema.ts';
import type { TestSystem } from '../../support/system.ts';
import { until } from '../../support/until.ts';
import type { AcsCall, AcsRecord } from './acs-record.ts';
import { callerIdOf, requestOf } from './chaos-acts.ts';
import { ChaosApi } from './chaos-api.ts';
import type { Action, ChaosPlan, PlannedCall, Taking } from './chaos-plan.ts';
import { disagreements, type Evidence } from './chaos-verdict.ts';

const LOOK_EVERY_MS = 25;
const LIST_EVERY_MS = 400;
/** A telephone rings for 30 s. */
const RING_LIMIT_MS = 45_000;
const KNOWN_LIMIT_MS = 15_000;
/** Longer than any run. */
const PHONE_MS = 600_000;

/** Event Grid repeats after 10 s what failed; a busy machine takes its time. */
const REST_LIMIT_MS = 40_000;
const QUIET_MS = 700;
/** As often is the calendar put a minute ahead: what is left behind is healed within so many minutes. */
const MINUTES = 5;
const AGREE_LIMIT_MS = 3_000;

export interface ChaosCounts {
  readonly calls: number;
  readonly connected: number;
  readonly kills: number;
  /** How often each action was accepted. */
  readonly accepted: Readonly<Partial<Record<Action, number>>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly refusedAnswers: number;
  /** Disagreements that were left when everybody had hung up, and what remained after each further minute. */
  readonly leftBehind: readonly number[];
  /** Seconds that the parts of the run have taken. */
  readonly seconds: Readonly<Record<string, number>>;
}

/** One run of a plan against a running system. */
export class ChaosRun {
  readonly #plan: ChaosPlan;
  readonly #test: TestSystem;
  readonly #record: AcsRecord;
  readonly #api: ChaosApi;
  /** The live calls of the product by the last digits of the telephone at the other end, as they were listed last. */
  #rows = new Map<string, CallView>();
  readonly #reports = new Map<string, CallReport>();
  readonly #accepted = new Map<string, string>();
  readonly #acceptedActions = new Map<Action, number>();
  /** How often each telephone may ring, by its number. */
  readonly #called = new Map<string, number>();
  readonly #leftBehind: number[] = [];
  readonly #seconds: Record<string, number> = {};
  #killing: Promise<void> = Promise.resolve();
  #kills = 0;
  #over = false;

  constructor(plan: ChaosPlan, test: TestSystem, record: AcsRecord) {
    this.#plan = plan;
    this.#test = test;
    this.#record = record;
    this.#api = new ChaosApi(test.system.urls.control, test.system.keys.functions);
  }

  /** Makes all calls, lets everything come to rest, heals what was left behind, ends what nobody has ended. */
  async run(atOnce: number): Promise<{
    readonly evidence: Evidence;
    /** Where live calls still differed when they should have been healed, in sentences. */
    readonly unhealed: readonly string[];
    readonly counts: ChaosCounts;
  }> {
    await this.#setFaults(this.#plan.faults);
    const watching = Promise.all([this.#watchAcs(), this.#watchRows()]);
    try {
      const calls = this.#plan.calls.values();
      const line = async (): Promise<void> => {
        for (const call of calls) await this.#make(call);
      };
      await this.#timed('calls', async () => {
        await Promise.all(Array.from({ length: atOnce }, line));
        await this.#killing;
      });
      const faults = await this.#setFaults([]);
      await this.#timed('rest', () => this.#comeToRest());
      const unhealed = await this.#timed('heal', () => this.#heal());
      await this.#timed('end', () => this.#endAll());
      const evidence = await this.#timed('evidence', () => this.#evidence());
      return { evidence, unhealed, counts: this.#counts(faults) };
    } finally {
      this.#over = true;
      await watching;
    }
  }

  async #timed<T>(part: string, run: () => Promise<T>): Promise<T> {
    const startedMs = performance.now();
    const result = await run();
    this.#seconds[part] = Math.round((performance.now() - startedMs) / 100) / 10;
    return result;
  }

  async #make(call: PlannedCall): Promise<void> {
    const killAfterMs = this.#plan.kills.get(call.index);
    if (killAfterMs !== undefined) this.#kill(killAfterMs);
    const id = call.direction === 'inbound' ? await this.#ring(call) : await this.#place(call);
    if (id === undefined) return;
    for (const { afterMs, action } of call.actions) {
      await delay(afterMs);
      if (this.#isOver(id)) break;
      await this.#act(call, id, action);
    }
    await delay(call.endAfterMs);
    await this.#end(call, id);
  }

  /** A telephone rings here; its id once it is answered. */
  async #ring(call: PlannedCall & { direction: 'inbound' }): Promise<string | undefined> {
    const { telephone } = this.#test;
    const id = await telephone.place({
      from: call.number,
      to: call.to,
      deliveries: call.deliveries,
      tailMs: PHONE_MS,
      maxMs: PHONE_MS,
    });
    if (call.abandons) {
      await delay(call.endAfterMs);
      await this.#unlessForgotten(id, () => telephone.hangUp(id));
    }
    await this.#until(
      () => (this.#record.calls.get(id)?.state ?? 'ringing') !== 'ringing',
      `call ${call.index} to be answered or given up`,
      RING_LIMIT_MS,
    );
    return id;
  }

  /** The product calls somebody; the id that ACS has for the call once that is known. */
  async #place(call: PlannedCall & { direction: 'outbound' }): Promise<string | undefined> {
    const { number, takes, takesAfterMs } = call;
    await this.#beCalled(number, takes, takesAfterMs);
    const wanted = { to: `4:${number}`, callerId: callerIdOf(number) };
    const answer = await this.#api.act({ path: '/calls', body: wanted }, true);
    if (answer?.status === 400 || answer?.status === 401 || answer?.status === 403 || answer?.status === 500)
      throw new Error(`placing was answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    const find = (): AcsCall | undefined => {
      const { callConnectionId = answer?.body['callConnectionId'] } = this.#rows.get(suffix(call)) ?? {};
      return this.#record.callOf(String(callConnectionId));
    };
    // Where the app was killed, nobody may ever know: what was left behind is then healed.
    const giveUpAtMs = Date.now() + (answer?.status === 202 ? KNOWN_LIMIT_MS : 3_000);
    for (; Date.now() < giveUpAtMs; await delay(LOOK_EVERY_MS)) {
      const found = find();
      if (found !== undefined && found.state !== 'connecting') return found.id;
    }
    return find()?.id;
  }

  async #act(call: PlannedCall, id: string, action: Action): Promise<void> {
    const row = await this.#row(call, id);
    if (row === undefined) return;
    const { guest } = call;
    const calls = action === 'add guest' || action === 'transfer to guest';
    if (calls) await this.#beCalled(guest.number, guest.takes, guest.takesAfterMs);
    const { path, ...request } = requestOf(action, call);
    const answer = await this.#api.act({ path: `/calls/${row.callId}${path}`, ...request });
    if (answer?.status === 202)
      this.#acceptedActions.set(action, (this.#acceptedActions.get(action) ?? 0) + 1);
    const operation = answer?.body['operation'] as { id: string } | undefined;
    if (answer?.status === 202 && operation !== undefined) this.#accepted.set(operation.id, row.callId);
    if (answer?.status === 400 || answer?.status === 500)
      throw new Error(`"${action}" was answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  }

  /** The product's row of a call that goes on, as soon as it names its connection. */
  async #row(call: PlannedCall, id: string): Promise<CallView | undefined> {
    const find = (): CallView | undefined => {
      const row = this.#rows.get(suffix(call));
      return row?.callConnectionId === undefined ? undefined : row;
    };
    const giveUpAtMs = Date.now() + KNOWN_LIMIT_MS;
    while (find() === undefined && !this.#isOver(id) && Date.now() < giveUpAtMs) await delay(LOOK_EVERY_MS);
    return find();
  }

  /** A telephone that the product calls now, once more than before. */
  async #beCalled(number: string, takes: Taking, afterMs: number): Promise<void> {
    const times = this.#called.get(number) ?? 0;
    if (times === 0) await this.#control('POST', 'callees', { number, takes, afterMs, maxMs: PHONE_MS });
    this.#called.set(number, times + 1);
  }

  async #hangUp(callId: string): Promise<void> {
    await this.#api.act({ path: `/calls/${callId}/hang-up` });
  }

  async #end(call: PlannedCall, id: string): Promise<void> {
    const byApi = async (): Promise<void> => {
      const row = await this.#row(call, id);
      if (row !== undefined) await this.#hangUp(row.callId);
    };
    const byTelephone = (): Promise<void> => this.#unlessForgotten(id, () => this.#test.telephone.hangUp(id));
    switch (call.ending) {
      case 'api':
        await byApi();
        break;
      case 'telephone':
        await byTelephone();
        break;
      case 'both':
        await Promise.all([byApi(), byTelephone()]);
        break;
      case 'nobody':
        break;
    }
    if (call.direction === 'outbound') return;
    await this.#unlessForgotten(id, async () => {
      this.#reports.set(id, await this.#test.telephone.call(id));
    });
  }

  /** The emulator forgets the oldest of the calls that have ended. */
  async #unlessForgotten(id: string, ask: () => Promise<void>): Promise<void> {
    try {
      await ask();
    } catch (error) {
      // The record tells of the end a moment later than the emulator knows it.
      const isOver = async (): Promise<boolean> => {
        await this.#record.refresh();
        return this.#isOver(id);
      };
      await until(isOver, `the end of call ${id}`, KNOWN_LIMIT_MS, LOOK_EVERY_MS).catch(() => {
        throw error;
      });
    }
  }

  /** As a crash ends it; one kill after another. */
  #kill(afterMs: number): void {
    this.#killing = this.#killing.then(async () => {
      await delay(afterMs);
      await this.#test.stack.kill('control');
      this.#kills += 1;
      await this.#test.stack.restart('control');
    });
  }

  /** Until nothing has been sent for a while. */
  async #comeToRest(): Promise<void> {
    const giveUpAtMs = Date.now() + REST_LIMIT_MS;
    let seen = -1;
    let quietSinceMs = Date.now();
    while (Date.now() < giveUpAtMs) {
      const { size } = this.#record.events;
      if (size !== seen) quietSinceMs = Date.now();
      seen = size;
      const isRinging = this.#record.live.some(({ state }) => state === 'ringing');
      if (!isRinging && Date.now() - quietSinceMs >= QUIET_MS) return;
      await delay(LOOK_EVERY_MS);
    }
  }

  /** Sweeps as if minutes went by, until both sides agree or the time is over in which they must. */
  async #heal(): Promise<string[]> {
    for (let minute = 0; ; minute += 1) {
      const left = await this.#disagreements();
      this.#leftBehind.push(left.length);
      if (left.length === 0 || minute === MINUTES) return left;
      await this.#control('POST', `${this.#test.system.urls.control}/admin/functions/sweepCalls`, {});
      const giveUpAtMs = Date.now() + AGREE_LIMIT_MS;
      while (Date.now() < giveUpAtMs && (await this.#disagreements()).length > 0) await delay(200);
      process.kill(this.#test.stack.pids().control ?? 0, 'SIGUSR2');
    }
  }

  /** What nobody has ended goes on at both sides; now it ends. */
  async #endAll(): Promise<void> {
    for (const { callId, state } of (await this.#api.live()) ?? [])
      if (state === 'connected') await this.#hangUp(callId);
    const giveUpAtMs = Date.now() + REST_LIMIT_MS;
    while (Date.now() < giveUpAtMs) {
      const rows = await this.#api.live();
      await this.#record.refresh();
      if (rows?.length === 0 && this.#record.live.length === 0) break;
      await delay(200);
    }
    await this.#comeToRest();
  }

  async #disagreements(): Promise<string[]> {
    await this.#record.refresh();
    const rows = await this.#api.live();
    return rows === undefined ? ['the product does not answer'] : disagreements(this.#record.live, rows);
  }

  async #evidence(): Promise<Evidence> {
    for (const report of await this.#test.telephone.calls())
      if (this.#reports.has(report.id)) this.#reports.set(report.id, report);
    const rings = new Map<string, { readonly rang: number; readonly called: number }>();
    for (const [number, called] of this.#called) {
      const callee = await this.#control('GET', `callees/${encodeURIComponent(`4:${number}`)}`);
      rings.set(number, { rang: Number(callee['rings']), called });
    }
    await this.#record.refresh();
    return {
      acsCalls: [...this.#record.calls.values()],
      acsEvents: [...this.#record.events.values()],
      answers: [...this.#reports.values()],
      rings,
      productCalls: await this.#api.all(),
      acceptedOperations: this.#accepted,
    };
  }

  #counts(faults: ChaosCounts['faults']): ChaosCounts {
    const reports = [...this.#reports.values()];
    return {
      calls: this.#plan.calls.length,
      connected: [...this.#record.calls.values()].filter((call) => call.callConnectionId !== undefined)
        .length,
      kills: this.#kills,
      accepted: Object.fromEntries(this.#acceptedActions),
      faults,
      refusedAnswers: reports.reduce((sum, { answers }) => sum + answers.refused, 0),
      leftBehind: this.#leftBehind,
      seconds: this.#seconds,
    };
  }

  /** Another plan of faults; how often each fault was injected so far. */
  async #setFaults(rules: ChaosPlan['faults']): Promise<ChaosCounts['faults']> {
    await this.#control('PUT', 'faults', { rules });
    const { injected } = await this.#control('GET', 'faults');
    return injected as ChaosCounts['faults'];
  }

  /** The control surface of ACS, or another address with the master key of the Functions host. */
  async #control(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    const { system, stack } = this.#test;
    const isAcs = !path.startsWith('http');
    const response = await fetch(isAcs ? `${system.urls.acs}/control/${path}` : path, {
      method,
      headers: {
        ...(isAcs
          ? { authorization: `Bearer ${system.keys.acsControl}` }
          : { 'x-functions-key': stack.secrets.functionsMasterKey }),
        'content-type': 'application/json',
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status}: ${text}`);
    return text === '' ? {} : JSON.parse(text);
  }

  async #watchAcs(): Promise<void> {
    for (; !this.#over; await delay(LOOK_EVERY_MS)) await this.#record.refresh();
  }

  async #watchRows(): Promise<void> {
    for (; !this.#over; await delay(LIST_EVERY_MS)) {
      const rows = await this.#api.live();
      if (rows === undefined) continue;
      this.#rows = new Map(
        rows.map((row) => [(row.direction === 'inbound' ? row.from : row.to).slice(-4), row]),
      );
    }
  }

  #isOver(id: string): boolean {
    return this.#record.calls.get(id)?.state === 'disconnected';
  }

  #until(condition: () => boolean, what: string, limitMs: number): Promise<true> {
    return until(condition, what, limitMs, LOOK_EVERY_MS);
  }
}

function suffix({ number }: PlannedCall): string {
  return number.slice(-4);
}
