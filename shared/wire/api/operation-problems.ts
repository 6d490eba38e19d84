import type { ProblemName } from './problem.ts';

/** How asking for something about a connected call may end. */
export const OPERATION_PROBLEMS = [
  'call-ended',
  'call-not-connected',
  'too-many-operations',
  'operation-not-possible',
  'acs-refused',
  'acs-unavailable',
] as const satisfies readonly ProblemName[];

/** How asking for somebody to be called may end, besides. */
export const OUTBOUND_PROBLEMS = [
  'destination-not-allowed',
  'outbound-budget-spent',
  'acs-outcome-unknown',
] as const satisfies readonly ProblemName[];
