import type { Fields } from '../http/fields.ts';
import type { Invite } from '../telephones/invitations.ts';

/** `CustomCallingContext`: headers that the invited telephone or application is shown. @throws RefusedError 400 8523 */
export function readCallingContext(fields: Fields): Pick<Invite, 'sipHeaders' | 'voipHeaders'> {
  const context = fields.object('customCallingContext');
  return { sipHeaders: context?.texts('sipHeaders') ?? {}, voipHeaders: context?.texts('voipHeaders') ?? {} };
}
