import type { Random } from '../../common/random.ts';
import {
  type FaultPlan,
  type FaultRule,
  type FaultRuleInput,
  type FaultTarget,
  MAX_RULES,
  type ParsedFaultPlan,
  parseFaultPlan,
  parseFaultRule,
  type RulesByTarget,
  type Span,
} from './fault-plan.ts';

/** How often each fault was injected so far, by `target.fault`, such as `rest.error`. */
export type InjectedCounts = Readonly<Record<string, number>>;

/** One injected fault, for the log. */
export interface InjectedFault {
  readonly on: FaultTarget;
  readonly fault: FaultRule['fault'];
  /** What it hit: an operation, an event type, `frame`, `socket`, `callback` or `media`. */
  readonly name: string;
}

interface ArmedRule {
  readonly rule: FaultRule;
  /** How often the rule fitted, and how often it hit. */
  fitted: number;
  hit: number;
}

/**
 * Decides what goes wrong. The plan says which rules there are; chance is drawn from the stream of whoever asks, so that two calls at the
 * same time do not disturb each other's faults.
 */
export class FaultEngine {
  readonly #onInjected: (fault: InjectedFault) => void;
  readonly #injected = new Map<string, number>();
  #rules: ArmedRule[];
  #clockSkewMs: number;

  /** @throws RangeError naming what is wrong with the plan */
  constructor(plan: FaultPlan = {}, onInjected: (fault: InjectedFault) => void = () => {}) {
    const { rules, clockSkewMs } = parseFaultPlan(plan);
    this.#rules = rules.map(arm);
    this.#clockSkewMs = clockSkewMs;
    this.#onInjected = onInjected;
  }

  /** How far the clock of the service is ahead. */
  get clockSkewMs(): number {
    return this.#clockSkewMs;
  }

  /** Whether a rule for this target is armed at all. */
  has(on: FaultTarget): boolean {
    return this.#rules.some(({ rule }) => rule.on === on);
  }

  /** Another plan instead; counts of rules begin anew, counts of injections go on. @throws RangeError */
  replace(plan: unknown): void {
    const { rules, clockSkewMs } = parseFaultPlan(plan);
    this.#rules = rules.map(arm);
    this.#clockSkewMs = clockSkewMs;
  }

  /** One rule more. @throws RangeError */
  add(rule: FaultRuleInput): void {
    this.#rules = this.#rules.filter((armed) => !isSpent(armed));
    if (this.#rules.length >= MAX_RULES) throw new RangeError(`At most ${MAX_RULES} faults can be armed.`);
    this.#rules.push(arm(parseFaultRule(rule)));
  }

  /**
   * The rules that hit this time; they are counted as injected. One number is drawn for each rule that fits and has a probability.
   * @param name what is about to happen: an operation, an event type, …; a rule with a name hits nothing else
   */
  draw<Target extends FaultTarget>(on: Target, name: string, random: Random): RulesByTarget[Target][] {
    const hits: RulesByTarget[Target][] = [];
    for (const armed of this.#rules) {
      if (!isOn(armed.rule, on) || isSpent(armed) || (nameOf(armed.rule) ?? name) !== name) continue;
      const { probability, skip } = armed.rule;
      armed.fitted++;
      if (armed.fitted <= skip) continue;
      if (probability < 1 && random.fraction() >= probability) continue;
      armed.hit++;
      this.#count({ on, fault: armed.rule.fault, name });
      hits.push(armed.rule);
    }
    return hits;
  }

  report(): {
    readonly plan: ParsedFaultPlan;
    readonly hits: readonly number[];
    readonly injected: InjectedCounts;
  } {
    return {
      plan: { rules: this.#rules.map(({ rule }) => rule), clockSkewMs: this.#clockSkewMs },
      hits: this.#rules.map(({ hit }) => hit),
      injected: Object.fromEntries([...this.#injected].sort(([a], [b]) => (a < b ? -1 : 1))),
    };
  }

  #count(injected: InjectedFault): void {
    const key = `${injected.on}.${injected.fault}`;
    this.#injected.set(key, (this.#injected.get(key) ?? 0) + 1);
    this.#onInjected(injected);
  }
}

/** A time within the span. */
export function drawMs(span: Span, random: Random): number {
  if (typeof span === 'number') return span;
  const [least, most] = span;
  return least + Math.floor(random.fraction() * (most - least + 1));
}

function arm(rule: FaultRule): ArmedRule {
  return { rule, fitted: 0, hit: 0 };
}

function isSpent({ rule, hit }: ArmedRule): boolean {
  return rule.count !== undefined && hit >= rule.count;
}

function isOn<Target extends FaultTarget>(
  rule: FaultRule,
  on: Target,
): rule is FaultRule & RulesByTarget[Target] {
  return rule.on === on;
}

function nameOf(rule: FaultRule): string | undefined {
  switch (rule.on) {
    case 'rest':
      return rule.operation;
    case 'callback':
    case 'eventGrid':
      return rule.type;
    case 'media':
      return rule.fault === 'halfOpen' ? 'socket' : 'frame';
    case 'token':
      return rule.for;
  }
}
