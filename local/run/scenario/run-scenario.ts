/** Plays a scenario on a running system, over the control surface of the ACS emulator. */
import { setTimeout as delay } from 'node:timers/promises';
import { didYouMean } from '../../../shared/base/did-you-mean.ts';
import type { CallReport as TelephoneReport } from '../../emulators/acs/control/call-report.ts';
import { identifierOf } from '../../emulators/acs/telephones/identifiers.ts';
import type { StepResult } from '../../phone/step.ts';
import { ControlApi } from '../client/control-api.ts';
import {
  type FollowedCall,
  type FollowOptions,
  followCall,
  isAnsweredOrOver,
  isDisconnected,
} from '../client/follow-call.ts';
import { relayCountsOf } from '../client/make-call.ts';
import { mergeEvents, type ReportedEvent } from '../client/report.ts';
import type { RunningSystem } from '../client/running-system.ts';
import { type PhoneResults, ScriptClient } from '../client/script-client.ts';
import { Telephone } from '../client/telephone.ts';
import { findNumber } from '../stack/directory.ts';
import { askApi } from './api-requests.ts';
import {
  type Check,
  heardWithGaps,
  judgeCall,
  judgePublished,
  judgeRings,
  judgeSteps,
  judgeTranscript,
} from './judge.ts';
import type { Scenario, ScenarioParty } from './load-scenario.ts';

/** Of one call: its participant, how it ended, and what happened, in the order of time. */
export interface PlayedCall {
  readonly participant: string;
  /** The emulator's id of the call. */
  readonly id: string;
  /** The call as the emulator and the control app tell it after its end. */
  readonly followed: FollowedCall;
  readonly outcome: string | undefined;
  readonly events: readonly ReportedEvent[];
}

/** Who sees the calls of a scenario while they last. */
interface Watching extends Pick<FollowOptions, 'onFound'> {
  /** Sees every call that was placed, four times a second. */
  readonly onLook?: (calls: readonly TelephoneReport[]) => void;
}

export interface Played {
  readonly calls: readonly PlayedCall[];
  readonly checks: readonly Check[];
}

/** A call may last this much longer than its `maxMs`: ringing, the answer, and the end. */
const CALL_SLACK_MS = 60_000;
const LOOK_EVERY_MS = 100;
/** How long after the last caller's end a call may reach a callee; without callers it is `CALL_SLACK_MS`. */
const REACHED_LIMIT_MS = 10_000;

/**
 * Resolves once every call of the scenario is over.
 * @throws Error when the system has no such worker, or a call does not end in time
 */
export async function playScenario(
  system: RunningSystem,
  scenario: Scenario,
  watching: Watching = {},
): Promise<Played> {
  const stage = new Stage(system, watching);
  if (scenario.faults !== undefined) await stage.scripts.planFaults(scenario.faults);
  try {
    const entered = await stage.enterCallees(scenario.participants);
    const callers = scenario.participants.filter(({ calls }) => calls !== undefined);
    const played = await Promise.all(
      callers.map((caller) => stage.play(caller, joinersOf(scenario, caller))),
    );
    const callees = scenario.participants.filter(({ takes }) => takes !== undefined);
    const reached = await stage.calleeChecks(
      callees,
      entered,
      callers.length > 0 ? REACHED_LIMIT_MS : CALL_SLACK_MS,
    );
    return {
      calls: played.map(({ call }) => call),
      checks: [...played.flatMap(({ checks }) => checks), ...reached],
    };
  } finally {
    if (scenario.faults !== undefined) await stage.scripts.planFaults({ rules: [] });
  }
}

function joinersOf({ participants }: Scenario, caller: ScenarioParty): ScenarioParty[] {
  return participants.filter(({ joins }) => joins === caller.name);
}

class Stage {
  readonly scripts: ScriptClient;
  readonly #system: RunningSystem;
  readonly #telephone: Telephone;
  readonly #watching: Watching;
  /** The calls as they were seen last, by their ids. */
  readonly #seen = new Map<string, TelephoneReport>();

  constructor(system: RunningSystem, watching: Watching) {
    this.scripts = new ScriptClient(system);
    this.#system = system;
    this.#telephone = new Telephone(system);
    this.#watching = watching;
  }

  /** The callees with their raw ids. */
  async enterCallees(participants: readonly ScenarioParty[]): Promise<ReadonlyMap<string, string>> {
    const entered = new Map<string, string>();
    for (const { name, number, takes, afterMs, steps, maxMs } of participants) {
      if (takes === undefined) continue;
      const how = takes === 'voicemail' ? 'answers' : takes;
      entered.set(name, await this.scripts.enterCallee(number, how, afterMs, steps, maxMs));
    }
    return entered;
  }

  async play(
    caller: ScenarioParty,
    joiners: readonly ScenarioParty[],
  ): Promise<{ call: PlayedCall; checks: Check[] }> {
    await delay(caller.afterMs);
    const { number: from, steps, maxMs, deliveries, event } = caller;
    const id = await this.scripts.place({
      from,
      to: this.#numberOf(caller),
      steps,
      maxMs,
      deliveries,
      event,
    });
    const asked = { participant: caller.name, id, limitMs: maxMs + CALL_SLACK_MS };
    const [followed, requestChecks] = await Promise.all([
      this.#follow(id, caller),
      askApi(this.#system, asked, caller.requests ?? []),
      ...joiners.map((joiner) => this.#join(id, joiner)),
    ]);
    const events = mergeEvents(followed.telephone, followed.product);
    const { outcome } = followed.telephone;
    // People whom the application has brought together talk on after the end of its call.
    const phones = await this.#results(id, 0, caller.maxMs + CALL_SLACK_MS);
    const resultsOf = ({ number: own }: ScenarioParty): readonly StepResult[] =>
      phones.find(({ rawId }) => rawId === identifierOf(own)?.rawId)?.steps ?? [];
    const checks = [
      ...judgeSteps(caller.name, await this.#withGaps(id, caller, resultsOf(caller), followed)),
      ...joiners.flatMap((joiner) => judgeSteps(joiner.name, resultsOf(joiner))),
    ];
    checks.push(
      ...requestChecks,
      ...judgeCall(caller.name, caller.expect, outcome, events),
      ...judgeTranscript(caller.name, caller.expect, followed.telephone.transcript),
      ...judgePublished(caller.name, caller.expect, await this.#published(caller, followed)),
    );
    return { call: { participant: caller.name, id, followed, outcome, events }, checks };
  }

  /** The steps of callees, and how often they were called. */
  async calleeChecks(
    callees: readonly ScenarioParty[],
    entered: ReadonlyMap<string, string>,
    reachLimitMs: number,
  ): Promise<Check[]> {
    const checks = await Promise.all(
      callees.map(async ({ name, takes, steps, maxMs, expect }) => {
        const rawId = entered.get(name) ?? '';
        const answers = takes === 'answers' || takes === 'voicemail';
        const [phone] = answers ? await this.#results(rawId, reachLimitMs, maxMs + CALL_SLACK_MS) : [];
        const unreached = steps.map(({ type }) => ({ type, status: 'notReached' as const }));
        return [
          ...judgeSteps(name, answers ? (phone?.steps ?? unreached) : []),
          ...judgeRings(name, expect, await this.scripts.rings(rawId)),
        ];
      }),
    );
    return checks.flat();
  }

  /** The steps of a call's or a callee's phones once they are over; none when no call reaches the callee in time. */
  async #results(id: string, reachLimitMs: number, overLimitMs: number): Promise<readonly PhoneResults[]> {
    const startMs = performance.now();
    for (;;) {
      const phones = await this.scripts.results(id);
      if (phones?.every(({ over }) => over) === true) return phones;
      const limitMs = phones === undefined ? reachLimitMs : reachLimitMs + overLimitMs;
      if (performance.now() - startMs > limitMs) return phones ?? [];
      await delay(LOOK_EVERY_MS);
    }
  }

  /** The results of the caller's steps, where recordings that were heard with reported gaps in them count as heard. */
  async #withGaps(
    id: string,
    { steps }: ScenarioParty,
    results: readonly StepResult[],
    followed: FollowedCall,
  ): Promise<readonly StepResult[]> {
    const isMissed = ({ type, status }: StepResult): boolean => type === 'expect' && status === 'failed';
    if (!results.some(isMissed)) return results;
    const [heard, relay] = await Promise.all([
      this.scripts.recording(id, 'heard'),
      relayCountsOf(this.#system, followed),
    ]);
    return heardWithGaps(steps, results, heard, followed.telephone, relay);
  }

  /** What the workers of a call have published, where the scenario asks for it: it comes a moment after the end. */
  async #published({ expect }: ScenarioParty, followed: FollowedCall): Promise<readonly string[]> {
    const { product } = followed;
    if (expect.published === undefined || product === undefined) return [];
    const relay = await relayCountsOf(this.#system, followed);
    const call = await new ControlApi(this.#system).callWithTexts(product.callId, relay);
    const notes = (call?.timeline ?? []).filter(({ type }) => type === 'Note');
    return notes.map(({ details }) => String(details?.['text']));
  }

  async #follow(id: string, { maxMs, givesUpAfterMs }: ScenarioParty): Promise<FollowedCall> {
    const limitMs = maxMs + CALL_SLACK_MS;
    const { onLook, ...watching } = this.#watching;
    const look = (call: TelephoneReport): void => {
      this.#seen.set(id, call);
      onLook?.([...this.#seen.values()]);
    };
    const ringing = new AbortController();
    if (givesUpAfterMs !== undefined) {
      void delay(givesUpAfterMs, undefined, { signal: ringing.signal }).then(
        () => this.#telephone.hangUp(id).catch(() => {}),
        () => {},
      );
    }
    return followCall(this.#system, id, {
      ...watching,
      limitMs,
      onLook: look,
      onAnswered: () => ringing.abort(),
    });
  }

  async #join(id: string, joiner: ScenarioParty): Promise<void> {
    const { number, steps, maxMs, afterMs } = joiner;
    const call = await this.#telephone.waitFor(id, 'the answer', isAnsweredOrOver, CALL_SLACK_MS);
    if (isDisconnected(call)) return;
    await delay(afterMs);
    await this.scripts.join(id, number, steps, maxMs);
  }

  #numberOf({ name, calls }: ScenarioParty): string {
    if (typeof calls === 'string') return calls;
    if (calls === undefined) throw new Error(`${name} calls nobody`);
    const format = calls.format === '24k' ? 'pcm24KMono' : 'pcm16KMono';
    const number = findNumber(this.#system.directory, calls.worker, format);
    if (number !== undefined) return number;
    const names = [...new Set(this.#system.directory.map(({ worker }) => worker))];
    throw new Error(
      `${name} calls the worker ${calls.worker}, and the worker app has ${names.join(', ')}${didYouMean(calls.worker, names)}`,
    );
  }
}
