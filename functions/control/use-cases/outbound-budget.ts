import { CallStoreError } from '../call/stores.ts';
import type { Log } from './deps.ts';

/** What requests spend that call somebody. */
export interface OutboundBudget {
  /** How many destinations may be called for one call in any hour. */
  readonly sharePerHour: number;
  /**
   * Counts a call that is about to be made. Rejects if it must not be made: the budget of the hour is spent, or the
   * call cannot be counted.
   */
  spend(): Promise<GiveBack>;
}

/** Takes a call off the budget that was certainly not made. Rejects with CallStoreError if that cannot be counted. */
type GiveBack = () => Promise<void>;

/** Like `giveBack`, and never rejects: what cannot be given back stays spent. */
export async function tryToGiveBack(giveBack: GiveBack | undefined, callId: string, log: Log): Promise<void> {
  try {
    await giveBack?.();
  } catch (error) {
    if (!(error instanceof CallStoreError)) throw error;
    log.warn('A call that was not made stays on the budget', { callId, why: error.message });
  }
}
