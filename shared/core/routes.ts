import type { CallPlan } from './plan.ts';

/** Who is at one end of a call. `rawId` as ACS writes it (`4:+1425…`, `8:acs:…`); `phoneNumber` where there is one (`+1425…`). */
export interface Party {
  readonly rawId: string;
  readonly phoneNumber?: string;
}

/**
 * From who calls whom, whether and how a call is answered. A pattern is a phone number or a raw id, exact,
 * or the beginning of one followed by `*`; an end without a pattern matches everybody.
 */
export interface CallRoute {
  readonly name: string;
  readonly match: { readonly from?: string; readonly to?: string };
  readonly action: 'answer' | 'reject';
  readonly plan: CallPlan;
}

/** The first route that matches both ends, or undefined: then the call is left ringing for somebody else. */
export function chooseRoute(routes: readonly CallRoute[], from: Party, to: Party): CallRoute | undefined {
  return routes.find(({ match }) => matches(match.from, from) && matches(match.to, to));
}

const PHONE_NUMBER_PREFIX = '4:';

function matches(pattern: string | undefined, party: Party): boolean {
  if (pattern === undefined) return true;
  return namesOf(party).some((name) =>
    pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern,
  );
}

function namesOf({ rawId, phoneNumber }: Party): string[] {
  const names = [rawId];
  if (phoneNumber !== undefined) names.push(phoneNumber);
  if (rawId.startsWith(PHONE_NUMBER_PREFIX)) names.push(rawId.slice(PHONE_NUMBER_PREFIX.length));
  return names;
}
