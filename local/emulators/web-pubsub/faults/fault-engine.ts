import { type Random, seededRandom, systemRandom } from '../../common/random.ts';
import {
  type FaultPlan,
  type FaultRule,
  type FaultTarget,
  type ParsedFaultPlan,
  parseFaultPlan,
  type RulesByTarget,
} from './fault-plan.ts';

/** A rule of the plan and what became of it. */
export interface ArmedRule<Rule extends FaultRule = FaultRule> {
  readonly rule: Rule;
  /** How often the rule fitted, and how often it hit. */
  fitted: number;
  hit: number;
}

/** What is about to happen: where, and its name (an operation, an event, a direction), which a rule may ask for. */
export interface Occasion {
  readonly hub: string;
  readonly name: string;
}

/** Decides what goes wrong, by the plan that is in force. Chance is drawn from the stream of whoever asks. */
export class FaultEngine {
  #plan: ParsedFaultPlan;
  #rules: { readonly [Target in FaultTarget]: readonly ArmedRule<RulesByTarget[Target]>[] };
  #random: Random;
  #version = 0;
  /** Streams that are asked for again and again under the same name. */
  readonly #streams = new Map<string, Random>();

  /** @throws RangeError naming what is wrong with the plan */
  constructor(plan: FaultPlan = {}) {
    this.#plan = parseFaultPlan(plan);
    this.#rules = armed(this.#plan);
    this.#random = randomOf(this.#plan);
  }

  /** Changes whenever the plan does; what was drawn from the seed begins anew then. */
  get version(): number {
    return this.#version;
  }

  /** Whether the plan has any rule for this target. */
  has(on: FaultTarget): boolean {
    return this.#rules[on].length > 0;
  }

  /** A stream of chance from its beginning, for one who keeps it. */
  stream(name: string): Random {
    return this.#random.branch(name);
  }

  /** The stream of chance that everybody who uses this name draws from in turn. Names must be few. */
  shared(name: string): Random {
    const known = this.#streams.get(name);
    if (known !== undefined) return known;
    const stream = this.stream(name);
    this.#streams.set(name, stream);
    return stream;
  }

  /** Another plan instead; all counts begin anew. @throws RangeError, and the plan stays */
  replace(plan: unknown): void {
    const parsed = parseFaultPlan(plan);
    this.#plan = parsed;
    this.#rules = armed(parsed);
    this.#random = randomOf(parsed);
    this.#streams.clear();
    this.#version += 1;
  }

  /** The rules that hit this time. One number is drawn for each rule that fits and has a probability below 1. */
  draw<Target extends FaultTarget>(
    on: Target,
    occasion: Occasion,
    random: Random,
  ): ArmedRule<RulesByTarget[Target]>[] {
    return this.#rules[on].filter((each) => {
      const { rule } = each;
      if (rule.count !== undefined && each.hit >= rule.count) return false;
      if (!fits(rule, occasion)) return false;
      each.fitted += 1;
      if (each.fitted <= rule.skip) return false;
      if (rule.probability < 1 && random.fraction() >= rule.probability) return false;
      each.hit += 1;
      return true;
    });
  }

  report(): { readonly plan: ParsedFaultPlan; readonly hits: readonly number[] } {
    const byRule = new Map<FaultRule, number>(
      Object.values(this.#rules)
        .flat()
        .map(({ rule, hit }) => [rule, hit]),
    );
    return { plan: this.#plan, hits: this.#plan.rules.map((rule) => byRule.get(rule) ?? 0) };
  }
}

function armed({ rules }: ParsedFaultPlan): {
  readonly [Target in FaultTarget]: readonly ArmedRule<RulesByTarget[Target]>[];
} {
  const arm = <Rule extends FaultRule>(rule: Rule): ArmedRule<Rule> => ({ rule, fitted: 0, hit: 0 });
  return {
    link: rules.filter((rule) => rule.on === 'link').map(arm),
    recovery: rules.filter((rule) => rule.on === 'recovery').map(arm),
    webhook: rules.filter((rule) => rule.on === 'webhook').map(arm),
    rest: rules.filter((rule) => rule.on === 'rest').map(arm),
  };
}

function randomOf({ seed }: ParsedFaultPlan): Random {
  return seed === undefined ? systemRandom : seededRandom(seed);
}

function fits(rule: FaultRule, { hub, name }: Occasion): boolean {
  if (rule.hub !== undefined && rule.hub.toLowerCase() !== hub) return false;
  const wanted = nameOf(rule);
  return wanted === undefined || wanted.toLowerCase() === name.toLowerCase();
}

function nameOf(rule: FaultRule): string | undefined {
  switch (rule.on) {
    case 'link':
      return rule.direction;
    case 'recovery':
      return undefined;
    case 'webhook':
      return rule.event;
    case 'rest':
      return rule.operation;
  }
}
