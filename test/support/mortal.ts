import { AcsCallError, type AcsCalls } from '../../functions/control/call/acs-port.ts';
import { type CallStore, CallStoreError } from '../../functions/control/call/stores.ts';

/**
 * What goes wrong with one request to storage or telephony. `before`: it is not carried out; `after`: it is, and nobody
 * hears of it. `dies`: the process that made it is gone; `fails`: the process is told of a failure.
 */
export const MISHAPS = ['dies before', 'dies after', 'fails before', 'fails after'] as const;

export type Mishap = (typeof MISHAPS)[number];

/** Counts the requests of all processes of one run, and says when the mishap comes. */
export class Fate {
  readonly #at: number;
  readonly mishap: Mishap;
  count = 0;
  /** Name of the request that it hit. */
  hit: string | undefined;

  /** @param at number of the request, from 1; 0: none. */
  constructor(at: number, mishap: Mishap) {
    this.#at = at;
    this.mishap = mishap;
  }

  isNow(name: string): boolean {
    this.count += 1;
    if (this.count !== this.#at) return false;
    this.hit = name;
    return true;
  }
}

/** One process of the control app: it may die, and does nothing from then on. */
export class Mortal {
  readonly #fate: Fate;
  readonly #death = Promise.withResolvers<'died'>();
  dead = false;

  constructor(fate: Fate) {
    this.#fate = fate;
  }

  /** Resolves when it dies. */
  get death(): Promise<'died'> {
    return this.#death.promise;
  }

  /** One request; of a dead process it neither happens nor returns. */
  async request<T>(name: string, act: () => Promise<T>, failure: () => Error): Promise<T> {
    if (this.dead) return await never();
    if (!this.#fate.isNow(name)) return await act();
    switch (this.#fate.mishap) {
      case 'dies before':
        return await this.#die();
      case 'dies after':
        await act();
        return await this.#die();
      case 'fails before':
        throw failure();
      case 'fails after':
        await act();
        throw failure();
    }
  }

  #die(): Promise<never> {
    this.dead = true;
    this.#death.resolve('died');
    return never();
  }
}

export function never(): Promise<never> {
  return new Promise<never>(() => {});
}

export function mortalStore(store: CallStore, mortal: Mortal): CallStore {
  return mortalCopy(store, mortal, 'store', (name) => new CallStoreError(`${name} failed`));
}

export function mortalAcs(control: AcsCalls, mortal: Mortal): AcsCalls {
  const failure = (name: string): Error => new AcsCallError(name, { status: 503, retryable: true });
  return mortalCopy(control, mortal, 'control', failure);
}

type Methods = Record<string, (...args: never[]) => Promise<unknown>>;

/** Every method of the target as a request of the process. */
function mortalCopy<Target extends object>(
  target: Target,
  mortal: Mortal,
  kind: string,
  failure: (name: string) => Error,
): Target {
  return new Proxy(target, {
    get(_, property) {
      const method = (target as Methods)[String(property)];
      if (typeof method !== 'function') return method;
      const name = `${kind}.${String(property)}`;
      return (...args: never[]) =>
        mortal.request(
          name,
          () => method.apply(target, args),
          () => failure(name),
        );
    },
  });
}
