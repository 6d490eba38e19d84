import { AcsCallError } from '../../functions/control/call/acs-port.ts';

/**
 * The error with which call control refuses what was asked. @throws Error where it does not, or where something else is
 * thrown
 */
export async function callControlFailure(attempt: Promise<unknown>): Promise<AcsCallError> {
  const error = await attempt.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof AcsCallError) return error;
  throw new Error('expected a AcsCallError', { cause: error });
}
