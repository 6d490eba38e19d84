import * as z from 'zod';
import { delaySchema } from './distribution.ts';

/** Rules that one plan may have. */
export const MAX_RULES = 100;
const LONGEST_WAIT_MS = 10 * 60_000;
const MOST_REQUESTS_PER_SECOND = 100_000;

/** How often a rule hits what it fits: with this probability, not the first `skip` times, and at most `count` times. */
const chance = {
  /** Hub name, in any case; absent: every hub. */
  hub: z.string().optional(),
  probability: z.number().gt(0).max(1).default(1),
  skip: z.int().min(0).max(1_000_000).default(0),
  count: z.int().min(1).max(1_000_000).optional(),
};

/** Messages take time; those behind a late one wait for it, as on TCP. */
const linkRule = z.strictObject({
  on: z.literal('link'),
  fault: z.literal('latency'),
  /** Absent: both, each drawn for itself. */
  direction: z.enum(['toClient', 'toService']).optional(),
  delayMs: delaySchema,
  ...chance,
});

/** A client that wants its connection back is told to start anew. */
const recoveryRule = z.strictObject({ on: z.literal('recovery'), fault: z.literal('refuse'), ...chance });

/** `event` is the name of a user event or of a system event; absent: every one. */
const webhook = { on: z.literal('webhook'), event: z.string().optional(), ...chance };

const webhookRule = z.discriminatedUnion('fault', [
  /** The handler is not asked; the service takes it that it answered with this status. */
  z.strictObject({ ...webhook, fault: z.literal('error'), status: z.int().min(400).max(599) }),
  /** The handler is not asked; it is as if its address could not be reached. */
  z.strictObject({ ...webhook, fault: z.literal('unreachable') }),
  /** The handler is asked later. */
  z.strictObject({ ...webhook, fault: z.literal('delay'), delayMs: delaySchema }),
]);

/** `operation` is an operation of the REST interface, such as `sendToGroup`; absent: every one. */
const rest = { on: z.literal('rest'), operation: z.string().optional(), ...chance };

const restRule = z.discriminatedUnion('fault', [
  /** The operation is not performed. */
  z.strictObject({
    ...rest,
    fault: z.literal('error'),
    status: z.int().min(400).max(599),
    retryAfterMs: z.int().min(0).max(LONGEST_WAIT_MS).optional(),
  }),
  /** The operation is performed later. */
  z.strictObject({ ...rest, fault: z.literal('slow'), delayMs: delaySchema }),
  /** More requests than this are answered 429, with the time after which there is room again. */
  z.strictObject({
    ...rest,
    fault: z.literal('throttle'),
    requestsPerSecond: z.number().gt(0).max(MOST_REQUESTS_PER_SECOND),
  }),
]);

const planFrame = z.strictObject({
  /** What chance is drawn from; absent: unpredictable. */
  seed: z.string().max(1_000).optional(),
  rules: z.array(z.unknown()).max(MAX_RULES).default([]),
});

const TARGETS = ['link', 'recovery', 'webhook', 'rest'] as const;

export type FaultTarget = (typeof TARGETS)[number];

/** The rules that can hit a target. */
export interface RulesByTarget {
  readonly link: z.output<typeof linkRule>;
  readonly recovery: z.output<typeof recoveryRule>;
  readonly webhook: z.output<typeof webhookRule>;
  readonly rest: z.output<typeof restRule>;
}

/** One rule with its defaults. */
export type FaultRule = RulesByTarget[FaultTarget];

/** One rule as people write it. */
export type FaultRuleInput =
  | z.input<typeof linkRule>
  | z.input<typeof recoveryRule>
  | z.input<typeof webhookRule>
  | z.input<typeof restRule>;

/** What goes wrong, as people write it: `{seed: '7', rules: [{on: 'link', fault: 'latency', delayMs: [20, 80]}]}`. */
export interface FaultPlan {
  readonly seed?: string;
  readonly rules?: readonly FaultRuleInput[];
}

/** A plan with its defaults. */
export interface ParsedFaultPlan {
  readonly seed?: string;
  readonly rules: readonly FaultRule[];
}

const RULES: Record<FaultTarget, z.ZodType<FaultRule>> = {
  link: linkRule,
  recovery: recoveryRule,
  webhook: webhookRule,
  rest: restRule,
};

/** @throws RangeError naming the member that does not fit */
export function parseFaultPlan(value: unknown): ParsedFaultPlan {
  const { seed, rules } = parsed(planFrame, value, 'the fault plan');
  return {
    ...(seed === undefined ? {} : { seed }),
    rules: rules.map((rule, index) => {
      const what = `rules[${index}]`;
      const { on } = parsed(z.looseObject({ on: z.enum(TARGETS) }), rule, what);
      return parsed(RULES[on], rule, what);
    }),
  };
}

function parsed<Schema extends z.ZodType>(schema: Schema, value: unknown, what: string): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const member = issue === undefined || issue.path.length === 0 ? '' : `, member ${issue.path.join('.')}`;
  throw new RangeError(`${what}${member}: ${issue?.message ?? 'invalid'}.`);
}
