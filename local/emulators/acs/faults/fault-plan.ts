import * as z from 'zod';
import { FaultEngine } from '../../common/fault-engine.ts';
import {
  chance,
  type FaultKinds,
  type ParsedFaultPlan,
  parseFaultPlan,
  parseFaultRule,
  planRules,
} from '../../common/fault-plan.ts';
import type { Random } from '../../common/random.ts';

const LONGEST_DELAY_MS = 10 * 60_000;
const MAX_OVERSIZE_BYTES = 16 * 1024 * 1024;
const LARGEST_SKEW_MS = 7 * 24 * 60 * 60_000;

const ms = z.int().min(0).max(LONGEST_DELAY_MS);

/** A time, or the two ends between which it is drawn evenly. */
const span = z.union([
  ms,
  z.tuple([ms, ms]).refine(([least, most]) => least <= most, 'the first must be the smaller'),
]);

const rest = {
  on: z.literal('rest'),
  /** Such as `answerCall`. Defaults to any. */
  operation: z.string().optional(),
  ...chance,
};

/** Deliveries of callbacks (one call has an order of its own) and of Event Grid. */
const delivery = {
  on: z.enum(['callback', 'eventGrid']),
  /** The last part of an event type, such as `CallConnected`. Defaults to any. */
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
  /** After so much streaming the connection falls silent: it writes, reads and closes nothing. */
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

/** What goes wrong, as people write it: `{rules: [{on: 'rest', fault: 'error', status: 429, retryAfterMs: 1000}]}`. */
export interface FaultPlan {
  readonly rules?: readonly FaultRuleInput[];
  /** How far the service's clock is ahead of the application's; negative when behind. */
  readonly clockSkewMs?: number;
}

/** One rule, as people write it. */
export type FaultRuleInput = z.input<typeof faultRule>;

/** One rule with its defaults. */
export type AcsFaultRule = z.output<typeof faultRule>;

export type RestRule = z.output<typeof restRule>;
export type DeliveryRule = z.output<typeof deliveryRule>;
export type MediaRule = z.output<typeof mediaRule>;

/** The rules that can hit a target. */
interface AcsRules {
  readonly rest: RestRule;
  readonly callback: DeliveryRule;
  readonly eventGrid: DeliveryRule;
  readonly media: MediaRule;
  readonly token: z.output<typeof tokenRule>;
}

interface AcsFaultSettings {
  readonly clockSkewMs: number;
}

/** A plan with its defaults. */
type ParsedAcsFaultPlan = ParsedFaultPlan<AcsRules, AcsFaultSettings>;

/** What can go wrong. An occasion is a name: an operation, an event type, `frame`, `callback` or `media`. */
const KINDS: FaultKinds<AcsRules, AcsFaultSettings, string> = {
  plan: z.strictObject({
    rules: planRules,
    clockSkewMs: z.int().min(-LARGEST_SKEW_MS).max(LARGEST_SKEW_MS).default(0),
  }),
  rules: {
    rest: restRule,
    callback: deliveryRule,
    eventGrid: deliveryRule,
    media: mediaRule,
    token: tokenRule,
  },
  fits: (rule, name) => (nameOf(rule) ?? name) === name,
};

/** The one thing that a rule is about; undefined where it is about all of its target. */
function nameOf(rule: AcsFaultRule): string | undefined {
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

/** @throws RangeError naming the member that does not fit */
export function parseAcsFaultPlan(value: unknown): ParsedAcsFaultPlan {
  return parseFaultPlan(KINDS, value);
}

/** @throws RangeError as `parseAcsFaultPlan` */
export function parseAcsFaultRule(value: unknown, what: string): AcsFaultRule {
  return parseFaultRule(KINDS, value, what);
}

/** One injected fault, for the log. */
interface InjectedFault {
  readonly on: string;
  readonly fault: string;
  /** What it hit: an operation, an event type, `frame`, `socket`, `callback` or `media`. */
  readonly name: string;
}

export class AcsFaultEngine extends FaultEngine<AcsRules, AcsFaultSettings, string> {
  /** @throws RangeError naming what is wrong with the plan */
  constructor(plan: FaultPlan = {}, onInjected: (fault: InjectedFault) => void = () => {}) {
    super(KINDS, plan, ({ on, fault }, name) => onInjected({ on, fault, name }));
  }

  /** How far the clock of the service is ahead. */
  get clockSkewMs(): number {
    return this.settings.clockSkewMs;
  }
}

/** A time in milliseconds, or the two ends between which it is drawn evenly. */
type Span = z.output<typeof span>;

/** A time within the span. */
export function drawMs(span: Span, random: Random): number {
  if (typeof span === 'number') return span;
  const [least, most] = span;
  return least + Math.floor(random.fraction() * (most - least + 1));
}
