import type { Invite } from '../call/invitations.ts';
import type { Fields } from './fields.ts';

/** `CustomCallingContext`: headers that the invited telephone or application is shown. @throws RefusedError 400 8523 */
export function readCallingContext(fields: Fields): Pick<Invite, 'sipHeaders' | 'voipHeaders'> {
  const context = fields.object('customCallingContext');
  return { sipHeaders: context?.texts('sipHeaders') ?? {}, voipHeaders: context?.texts('voipHeaders') ?? {} };
}
