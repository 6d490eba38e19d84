import { type Endpoint, isMutation, parametersOf } from './endpoint.ts';
import type { ProblemName } from './problem.ts';

/** Every problem that an operation may end with: its own, and those of every operation of its kind. */
export function problemsOf(endpoint: Endpoint): readonly ProblemName[] {
  const names: ProblemName[] = ['internal-error'];
  if (endpoint.role !== undefined)
    names.push(
      'unauthorized',
      'forbidden',
      'too-many-requests',
      'misconfigured',
      'store-unavailable',
      'token-keys-unavailable',
    );
  if (parametersOf(endpoint.path).length > 0 || endpoint.query !== undefined || isMutation(endpoint))
    names.push('invalid-request');
  if (parametersOf(endpoint.path).includes('callId')) names.push('call-not-found');
  if (isMutation(endpoint)) {
    names.push('payload-too-large', 'unsupported-media-type');
    names.push('idempotency-in-progress', 'idempotency-key-reused', 'idempotency-outcome-unknown');
  }
  return [...new Set([...names, ...endpoint.problems])];
}

/** Problems of operations on a connected call. */
export const OPERATION_PROBLEMS = [
  'call-ended',
  'call-not-connected',
  'too-many-operations',
  'operation-not-possible',
  'acs-refused',
  'acs-unavailable',
] as const satisfies readonly ProblemName[];

/** Further problems of operations that call somebody. */
export const OUTBOUND_PROBLEMS = [
  'destination-not-allowed',
  'outbound-budget-spent',
  'acs-outcome-unknown',
] as const satisfies readonly ProblemName[];
