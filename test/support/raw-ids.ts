const A = '37691ec4-57fb-4c0f-ae31-32791610cb14';
const B = 'a1b2c3d4-0000-4000-8000-0123456789ab';
const C = '00000000-1111-2222-3333-444444444444';

/** A raw id of every form in which ACS names somebody. */
export const RAW_IDS = [
  '4:+14255550123',
  '4:anonymous',
  '4:+14255550123_15550100',
  `8:acs:${A}_${B}`,
  `8:acs:${A}_${B}_${C}`,
  `8:gcch-acs:${A}_${B}`,
  `8:gcch-acs:${A}_${B}_${C}`,
  `8:dod-acs:${A}_${B}`,
  `8:dod-acs:${A}_${B}_${C}`,
  `8:spool:${A}_${B}`,
  `8:orgid:${A}`,
  `8:gcch:${A}`,
  `8:dod:${A}`,
  `8:teamsvisitor:${A}`,
  `28:orgid:${A}`,
  `28:gcch:${A}`,
  `28:dod:${A}`,
  `28:${A}`,
] as const;
