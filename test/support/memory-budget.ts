import { randomUUID } from 'node:crypto';
import {
  giveOneBack,
  type HourlyBudget,
  type Spent,
  type SpentMinutes,
  spendOne,
} from '../../functions/control/call/hourly-budget.ts';
import { CallStoreError } from '../../functions/control/call/stores.ts';

/** A budget in memory, by the rules of the table. */
export class MemoryBudget implements HourlyBudget {
  #minutes: SpentMinutes = [];
  /** Set to make every operation fail, as when storage cannot be reached. */
  outage = false;

  readonly #givenBack = new Set<string>();

  async spend(perHour: number, nowMs: number): ReturnType<HourlyBudget['spend']> {
    this.#reach();
    const spending = spendOne(this.#minutes, perHour, nowMs);
    if (spending.kind === 'refused') return spending;
    this.#minutes = spending.minutes;
    return { kind: 'spent', id: randomUUID(), minute: spending.minutes.at(-1)?.[0] ?? 0 };
  }

  async giveBack({ id, minute }: Spent): Promise<void> {
    this.#reach();
    if (!this.#givenBack.has(id)) this.#minutes = giveOneBack(this.#minutes, minute);
    this.#givenBack.add(id);
  }

  #reach(): void {
    if (this.outage) throw new CallStoreError('storage could not be reached');
  }
}
