/** What remains of numbers and texts in logs, tables and answers. */

const SHOWN = 4;

/** The last four characters of a raw id or number (`…0123`), or nothing if it is not longer than that. */
export function maskParty(rawId: string): string {
  return `…${rawId.length > SHOWN ? rawId.slice(-SHOWN) : ''}`;
}

const MAX_TEXT = 200;

/**
 * A text of ACS without what must not be kept: URLs (they may contain tickets), long runs of digits (numbers) and of
 * letters (tokens).
 */
export function safeText(text: string): string {
  return text
    .replaceAll(/\S+:\/\/\S+/g, '[url]')
    .replaceAll(/\+?\d[\d\s().-]{5,}\d/g, '[number]')
    .replaceAll(/\S{65,}/g, '[text]')
    .slice(0, MAX_TEXT);
}
