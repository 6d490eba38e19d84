import type { RawId } from '../../../shared/call/operation.ts';

/** A telephone number, a beginning of numbers, a raw id or a beginning of raw ids. */
export const DESTINATION_PATTERN = /^(?:\+(?:[1-9]\d{0,14})?\*|\+[1-9]\d{1,14}|(?:8|28):[\w.:-]{1,200}\*?)$/;

const TELEPHONE = '4:';
const NUMBER = /^\+[1-9]\d{1,14}$/;

/** Whether somebody is reached by telephone, which costs money. */
export function isTelephone(rawId: RawId): boolean {
  return rawId.startsWith(TELEPHONE);
}

/** Whether one of the patterns allows to call somebody. A telephone whose number is not written as E.164 has it is never allowed. */
export function isAllowed(rawId: RawId, patterns: readonly string[]): boolean {
  const text = isTelephone(rawId) ? rawId.slice(TELEPHONE.length) : rawId;
  if (isTelephone(rawId) && !NUMBER.test(text)) return false;
  return patterns.some((pattern) =>
    pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : text === pattern,
  );
}
