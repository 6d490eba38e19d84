/** The people and telephones at the ends of a call. */

/** The id of a participant as ACS writes it, such as `4:+14255550123` (a telephone) or `8:acs:…` (a user of ACS). */
export type RawId = string;

/** One end of a call. `phoneNumber` is set for a telephone whose number ACS reports, such as `+14255550123`. */
export interface Party {
  readonly rawId: RawId;
  readonly phoneNumber?: string;
}

/** A telephone number in E.164 form: a plus sign and at most fifteen digits, the first of them not zero. */
export const PHONE_NUMBER_PATTERN = /^\+[1-9]\d{1,14}$/;

const TELEPHONE_PREFIX = '4:';

/** The raw id of a telephone. */
export function telephoneRawId(phoneNumber: string): RawId {
  return `${TELEPHONE_PREFIX}${phoneNumber}`;
}

/** What follows `4:` in the raw id of a telephone, normally its number; undefined for any other raw id. */
export function telephoneOf(rawId: RawId): string | undefined {
  return rawId.startsWith(TELEPHONE_PREFIX) ? rawId.slice(TELEPHONE_PREFIX.length) : undefined;
}
