import * as z from 'zod';

/** Rules that one plan may have. */
export const MAX_RULES = 100;
const LONGEST_DELAY_MS = 10 * 60_000;
const MAX_OVERSIZE_BYTES = 16 * 1024 * 1024;
const LARGEST_SKEW_MS = 7 * 24 * 60 * 60_000;

const ms = z.int().min(0).max(LONGEST_DELAY_MS);

/** A time, or the two ends between which it is drawn evenly. */
const span = z.union([
  ms,
  z.tuple([ms, ms]).refine(([least, most]) => least <= most, 'the first must be the smaller'),
]);

/** How often a rule hits what it fits: with this probability, not the first `skip` times, and at most `count` times. */
const chance = {
  probability: z.number().gt(0).max(1).default(1),
  skip: z.int().min(0).max(1_000_000).default(0),
  count: z.int().min(1).max(1_000_000).optional(),
};

const rest = {
  on: z.literal('rest'),
  /** Such as `answerCall`; absent: any. */
  operation: z.string().optional(),
  ...chance,
};

/** Deliveries of callbacks (one call has an order of its own) and of Event Grid. */
const delivery = {
  on: z.enum(['callback', 'eventGrid']),
  /** The last part of an event type, such as `CallConnected`; absent: any. */
  type: z.string().optional(),
  ...chance,
};

const media = { on: z.literal('media'), ...chance };

const restRule = z.discriminatedUnion('fault', [
  /** An error answer, `before` the operation is performed or `after` it, as a lost response looks. */
  z.strictObject({
    ...rest,
    fault: z.literal('error'),
    status: z.int().min(400).max(599),
    when: z.enum(['before', 'after']).default('before'),
    retryAfterMs: ms.optional(),
  }),
  /** The answer comes this much later; the operation is performed first. */
  z.strictObject({ ...rest, fault: z.literal('slow'), delayMs: span }),
]);

const deliveryRule = z.discriminatedUnion('fault', [
  z.strictObject({ ...delivery, fault: z.literal('duplicate'), copies: z.int().min(2).max(10).default(2) }),
  z.strictObject({ ...delivery, fault: z.literal('delay'), delayMs: span }),
  /** Waits until a later event of the same call or subscription has been delivered, but not longer than this. */
  z.strictObject({ ...delivery, fault: z.literal('reorder'), withinMs: ms.default(2_000) }),
  z.strictObject({ ...delivery, fault: z.literal('lose') }),
]);

const mediaRule = z.discriminatedUnion('fault', [
  /** The frame comes this much later, and those behind it wait for it: a TCP connection keeps its order. */
  z.strictObject({ ...media, fault: z.literal('jitter'), delayMs: span }),
  z.strictObject({ ...media, fault: z.literal('lose') }),
  z.strictObject({ ...media, fault: z.literal('duplicate'), copies: z.int().min(2).max(10).default(2) }),
  /** One message in several WebSocket frames (RFC 6455 section 5.4). */
  z.strictObject({ ...media, fault: z.literal('split'), parts: z.int().min(2).max(16).default(2) }),
  /** The message is blown up to this many bytes by white space, which JSON ignores. */
  z.strictObject({ ...media, fault: z.literal('oversize'), bytes: z.int().min(1).max(MAX_OVERSIZE_BYTES) }),
  /** After so much streaming the connection is dead without a word: nothing is written, nothing is taken, nothing is closed. */
  z.strictObject({ ...media, fault: z.literal('halfOpen'), afterMs: ms }),
]);

/** The token ran out long ago. */
const tokenRule = z.strictObject({
  on: z.literal('token'),
  fault: z.literal('expired'),
  for: z.enum(['callback', 'media']).optional(),
  ...chance,
});

const faultRule = z.union([restRule, deliveryRule, mediaRule, tokenRule]);

const planFrame = z.strictObject({
  rules: z.array(z.unknown()).max(MAX_RULES).default([]),
  clockSkewMs: z.int().min(-LARGEST_SKEW_MS).max(LARGEST_SKEW_MS).default(0),
});

const TARGETS = ['rest', 'callback', 'eventGrid', 'media', 'token'] as const;

/** What goes wrong, as people write it: `{rules: [{on: 'rest', fault: 'error', status: 429, retryAfterMs: 1000}]}`. */
export interface FaultPlan {
  readonly rules?: readonly FaultRuleInput[];
  /** How far the service's clock is ahead of the application's (behind: negative); seen in tokens, event times and signatures. */
  readonly clockSkewMs?: number;
}

/** One rule, as people write it. */
export type FaultRuleInput = z.input<typeof faultRule>;

/** One rule with its defaults. */
export type FaultRule = z.output<typeof faultRule>;

export type FaultTarget = FaultRule['on'];

export type RestRule = z.output<typeof restRule>;
export type DeliveryRule = z.output<typeof deliveryRule>;
export type MediaRule = z.output<typeof mediaRule>;
export type TokenRule = z.output<typeof tokenRule>;

/** The rules that can hit a target. */
export interface RulesByTarget {
  readonly rest: RestRule;
  readonly callback: DeliveryRule;
  readonly eventGrid: DeliveryRule;
  readonly media: MediaRule;
  readonly token: TokenRule;
}

/** A time in milliseconds, or the two ends between which it is drawn evenly. */
export type Span = z.output<typeof span>;

/** A plan with its defaults. */
export interface ParsedFaultPlan {
  readonly rules: readonly FaultRule[];
  readonly clockSkewMs: number;
}

const RULES: Record<FaultTarget, z.ZodType<FaultRule>> = {
  rest: restRule,
  callback: deliveryRule,
  eventGrid: deliveryRule,
  media: mediaRule,
  token: tokenRule,
};

/** @throws RangeError naming the member that does not fit */
export function parseFaultPlan(value: unknown): ParsedFaultPlan {
  const { rules, clockSkewMs } = parsed(planFrame, value, 'the fault plan');
  return { clockSkewMs, rules: rules.map((rule, index) => parseFaultRule(rule, `rules[${index}]`)) };
}

/** @throws RangeError as `parseFaultPlan` */
export function parseFaultRule(value: unknown, what = 'the fault'): FaultRule {
  const { on } = parsed(z.looseObject({ on: z.enum(TARGETS) }), value, what);
  return parsed(RULES[on], value, what);
}

function parsed<Schema extends z.ZodType>(schema: Schema, value: unknown, what: string): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const member = issue === undefined || issue.path.length === 0 ? '' : `, member ${issue.path.join('.')}`;
  throw new RangeError(`${what}${member}: ${issue?.message ?? 'invalid'}.`);
}
