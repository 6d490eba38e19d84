import * as z from 'zod';
import { FaultEngine } from '../../common/fault-engine.ts';
import { type FaultKinds, chance as ofEvery, planRules } from '../../common/fault-plan.ts';
import { type Random, seededRandom, systemRandom } from '../../common/random.ts';
import { delaySchema } from './distribution.ts';

const LONGEST_WAIT_MS = 10 * 60_000;
const MOST_REQUESTS_PER_SECOND = 100_000;

const chance = {
  /** Hub name, in any case. Defaults to every hub. */
  hub: z.string().optional(),
  ...ofEvery,
};

/** Messages take time; those behind a late one wait for it, as on TCP. */
const linkRule = z.strictObject({
  on: z.literal('link'),
  fault: z.literal('latency'),
  /** Defaults to both, each drawn for itself. */
  direction: z.enum(['toClient', 'toService']).optional(),
  delayMs: delaySchema,
  ...chance,
});

/** A client that wants its connection back must open a new one. */
const recoveryRule = z.strictObject({ on: z.literal('recovery'), fault: z.literal('refuse'), ...chance });

/** `event` is the name of a user event or of a system event. Defaults to every one. */
const webhook = { on: z.literal('webhook'), event: z.string().optional(), ...chance };

const webhookRule = z.discriminatedUnion('fault', [
  /** The handler is not asked; the service takes it that it answered with this status. */
  z.strictObject({ ...webhook, fault: z.literal('error'), status: z.int().min(400).max(599) }),
  /** The handler is not asked; it is as if its address could not be reached. */
  z.strictObject({ ...webhook, fault: z.literal('unreachable') }),
  /** The handler is asked later. */
  z.strictObject({ ...webhook, fault: z.literal('delay'), delayMs: delaySchema }),
]);

/** `operation` is an operation of the REST interface, such as `sendToGroup`. Defaults to every one. */
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

/** The rules that can hit a target. */
export interface WebPubSubRules {
  readonly link: z.output<typeof linkRule>;
  readonly recovery: z.output<typeof recoveryRule>;
  readonly webhook: z.output<typeof webhookRule>;
  readonly rest: z.output<typeof restRule>;
}

/** One rule as people write it. */
type FaultRuleInput =
  | z.input<typeof linkRule>
  | z.input<typeof recoveryRule>
  | z.input<typeof webhookRule>
  | z.input<typeof restRule>;

/** What goes wrong, as people write it: `{seed: '7', rules: [{on: 'link', fault: 'latency', delayMs: [20, 80]}]}`. */
export interface FaultPlan {
  readonly seed?: string;
  readonly rules?: readonly FaultRuleInput[];
}

interface Settings {
  /** Where chance comes from. Defaults to an unpredictable source. */
  readonly seed?: string | undefined;
}

/** What is about to happen: where, and its name (an operation, an event, a direction), which a rule may ask for. */
interface Occasion {
  readonly hub: string;
  readonly name: string;
}

const KINDS: FaultKinds<WebPubSubRules, Settings, Occasion> = {
  plan: z.strictObject({ seed: z.string().max(1_000).optional(), rules: planRules }),
  rules: { link: linkRule, recovery: recoveryRule, webhook: webhookRule, rest: restRule },
  fits: (rule, { hub, name }) => {
    if (rule.hub !== undefined && rule.hub.toLowerCase() !== hub) return false;
    const wanted = nameOf(rule);
    return wanted === undefined || wanted.toLowerCase() === name.toLowerCase();
  },
};

function nameOf(rule: WebPubSubRules[keyof WebPubSubRules]): string | undefined {
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

/** The faults of the Web PubSub emulator, and the streams of chance that its seed gives. */
export class WebPubSubFaultEngine extends FaultEngine<WebPubSubRules, Settings, Occasion> {
  #random: Random;
  #version = 0;
  /** Streams that are asked for again and again under the same name. */
  readonly #streams = new Map<string, Random>();

  /** @throws RangeError naming what is wrong with the plan */
  constructor(plan: FaultPlan = {}) {
    super(KINDS, plan);
    this.#random = randomOf(this.settings);
  }

  /** Changes whenever the plan does; the streams of the seed then begin again. */
  get version(): number {
    return this.#version;
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

  override replace(plan: unknown): void {
    super.replace(plan);
    this.#random = randomOf(this.settings);
    this.#streams.clear();
    this.#version += 1;
  }
}

function randomOf({ seed }: Settings): Random {
  return seed === undefined ? systemRandom : seededRandom(seed);
}
