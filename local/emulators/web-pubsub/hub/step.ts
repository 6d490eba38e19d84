import type { HubEffect } from './commands.ts';

/** One step of a hub: when it happens, and what it has led to so far, in order. */
export interface Step {
  readonly nowMs: number;
  readonly effects: HubEffect[];
}
