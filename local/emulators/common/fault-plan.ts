import * as z from 'zod';

/** Rules that one plan may have. */
export const MAX_RULES = 100;

/** How often a rule hits what it fits: with this probability, not the first `skip` times, and at most `count` times. */
export const chance = {
  probability: z.number().gt(0).max(1).default(1),
  skip: z.int().min(0).max(1_000_000).default(0),
  count: z.int().min(1).max(1_000_000).optional(),
};

/** The rules of a plan as people write them; each is checked against the form of its own target. */
export const planRules = z.array(z.unknown()).max(MAX_RULES).default([]);

/** What every rule has, whatever the emulator. */
export interface FaultRule {
  /** The target, such as `rest`. */
  readonly on: string;
  readonly fault: string;
  readonly probability: number;
  readonly skip: number;
  readonly count?: number | undefined;
}

/** An emulator's rules, by the target that they can hit. */
export type RulesByTarget<Rules> = { readonly [Target in keyof Rules]: FaultRule };

/** What can go wrong with one emulator. */
export interface FaultKinds<Rules extends RulesByTarget<Rules>, Settings, Occasion> {
  /** The whole plan: `rules` as `planRules`, and the settings beside them. */
  readonly plan: z.ZodType<Settings & { rules: unknown[] }>;
  readonly rules: { readonly [Target in keyof Rules]: z.ZodType<Rules[Target]> };
  /** Whether a rule of the right target is about what happens now. */
  fits(rule: Rules[keyof Rules], occasion: Occasion): boolean;
}

/** A plan with its defaults. */
export type ParsedFaultPlan<Rules, Settings> = Settings & { readonly rules: readonly Rules[keyof Rules][] };

/** @throws RangeError naming the member that does not fit */
export function parseFaultPlan<Rules extends RulesByTarget<Rules>, Settings, Occasion>(
  kinds: FaultKinds<Rules, Settings, Occasion>,
  value: unknown,
): ParsedFaultPlan<Rules, Settings> {
  const plan = parsed(kinds.plan, value, 'the fault plan');
  return { ...plan, rules: plan.rules.map((rule, index) => parseFaultRule(kinds, rule, `rules[${index}]`)) };
}

/** @throws RangeError as `parseFaultPlan` */
export function parseFaultRule<Rules extends RulesByTarget<Rules>, Settings, Occasion>(
  { rules }: FaultKinds<Rules, Settings, Occasion>,
  value: unknown,
  what = 'the fault',
): Rules[keyof Rules] {
  const { on } = parsed(z.looseObject({ on: z.enum(Object.keys(rules)) }), value, what);
  return parsed(rules[on as keyof Rules], value, what);
}

function parsed<Output>(schema: z.ZodType<Output>, value: unknown, what: string): Output {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const member = issue === undefined || issue.path.length === 0 ? '' : `, member ${issue.path.join('.')}`;
  throw new RangeError(`${what}${member}: ${issue?.message ?? 'invalid'}.`);
}
