import {
  type FaultKinds,
  type FaultRule,
  MAX_RULES,
  type ParsedFaultPlan,
  parseFaultPlan,
  parseFaultRule,
  type RulesByTarget,
} from './fault-plan.ts';
import type { Random } from './random.ts';

/** How often each fault was injected so far, by `target.fault`, such as `rest.error`. */
export type InjectedCounts = Readonly<Record<string, number>>;

interface ArmedRule<Rule extends FaultRule> {
  readonly rule: Rule;
  /** How often the rule fitted, and how often it hit. */
  fitted: number;
  hit: number;
}

/**
 * Decides what goes wrong, by the plan in force. Each caller draws chance from a stream of its own, so that two calls
 * at the same time do not disturb each other's faults.
 */
export class FaultEngine<Rules extends RulesByTarget<Rules>, Settings, Occasion> {
  readonly #kinds: FaultKinds<Rules, Settings, Occasion>;
  readonly #onInjected: (rule: FaultRule, occasion: Occasion) => void;
  readonly #injected = new Map<string, number>();
  #plan: ParsedFaultPlan<Rules, Settings>;
  #rules: ArmedRule<Rules[keyof Rules]>[];

  /** @throws RangeError naming what is wrong with the plan */
  constructor(
    kinds: FaultKinds<Rules, Settings, Occasion>,
    plan: unknown,
    onInjected: (rule: FaultRule, occasion: Occasion) => void = () => {},
  ) {
    this.#kinds = kinds;
    this.#onInjected = onInjected;
    this.#plan = parseFaultPlan(kinds, plan);
    this.#rules = this.#plan.rules.map(arm);
  }

  /** What the plan says beside its rules. */
  get settings(): Settings {
    return this.#plan;
  }

  /** Whether the plan has any rule for this target. */
  has(on: keyof Rules): boolean {
    return this.#rules.some(({ rule }) => rule.on === on);
  }

  /** Replaces the plan; rules count from 0, injections go on. @throws RangeError, and the plan stays */
  replace(plan: unknown): void {
    this.#plan = parseFaultPlan(this.#kinds, plan);
    this.#rules = this.#plan.rules.map(arm);
  }

  /** One rule more. @throws RangeError */
  add(rule: unknown): void {
    this.#rules = this.#rules.filter((armed) => !isSpent(armed));
    if (this.#rules.length >= MAX_RULES) throw new RangeError(`At most ${MAX_RULES} faults can be armed.`);
    this.#rules.push(arm(parseFaultRule(this.#kinds, rule)));
  }

  /** The rules that hit this time. One number is drawn for each rule that fits and has a probability below 1. */
  draw<Target extends keyof Rules>(on: Target, occasion: Occasion, random: Random): Rules[Target][] {
    const hits: Rules[Target][] = [];
    for (const armed of this.#rules) {
      const { rule } = armed;
      if (rule.on !== on || isSpent(armed) || !this.#kinds.fits(rule, occasion)) continue;
      armed.fitted += 1;
      if (armed.fitted <= rule.skip) continue;
      if (rule.probability < 1 && random.fraction() >= rule.probability) continue;
      armed.hit += 1;
      this.#count(rule, occasion);
      // Its `on` says that it is a rule of this target.
      hits.push(rule as Rules[Target]);
    }
    return hits;
  }

  report(): {
    readonly plan: ParsedFaultPlan<Rules, Settings>;
    readonly hits: readonly number[];
    readonly injected: InjectedCounts;
  } {
    return {
      plan: { ...this.#plan, rules: this.#rules.map(({ rule }) => rule) },
      hits: this.#rules.map(({ hit }) => hit),
      injected: Object.fromEntries([...this.#injected].sort(([a], [b]) => (a < b ? -1 : 1))),
    };
  }

  #count(rule: FaultRule, occasion: Occasion): void {
    const key = `${rule.on}.${rule.fault}`;
    this.#injected.set(key, (this.#injected.get(key) ?? 0) + 1);
    this.#onInjected(rule, occasion);
  }
}

function arm<Rule extends FaultRule>(rule: Rule): ArmedRule<Rule> {
  return { rule, fitted: 0, hit: 0 };
}

function isSpent({ rule, hit }: ArmedRule<FaultRule>): boolean {
  return rule.count !== undefined && hit >= rule.count;
}
