import type { Phone } from '../../../phone/phone.ts';
import type { IdentifierJson } from '../../event-grid/incoming-call.ts';
import type { PhoneLine } from './phone-line.ts';

/** Somebody with a telephone, and the line that it hangs on. */
export interface Speaker {
  readonly identifier: IdentifierJson;
  readonly phone: Phone;
  readonly line: PhoneLine;
}
