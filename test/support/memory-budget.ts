import {
  type HourlyBudget,
  type SpentMinutes,
  spendOne,
} from '../../functions/control/call/hourly-budget.ts';
import { CallStoreError } from '../../functions/control/call/stores.ts';

/** A budget in memory, by the rules of the table. */
export class MemoryBudget implements HourlyBudget {
  #minutes: SpentMinutes = [];
  /** Set to make every operation fail, as when storage cannot be reached. */
  outage = false;

  async spend(perHour: number, nowMs: number): Promise<number> {
    if (this.outage) throw new CallStoreError('storage could not be reached');
    const spending = spendOne(this.#minutes, perHour, nowMs);
    if (spending.kind === 'refused') return spending.retryAfterMs;
    this.#minutes = spending.minutes;
    return 0;
  }
}
