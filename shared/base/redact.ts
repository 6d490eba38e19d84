/** What remains of numbers and texts in logs, tables and answers. */

const SHOWN = 4;

/** The last four characters of a raw id or number (`…0123`), or nothing if it is not longer than that. */
export function maskParty(rawId: string): string {
  return `…${rawId.length > SHOWN ? rawId.slice(-SHOWN) : ''}`;
}

const MAX_TEXT = 200;

/** Characters of a text that are looked at. The patterns take quadratic time, so nothing longer may reach them. */
const MAX_READ = 1_000;

/** The end of a cut text, which may be a part of something that its pattern would remove as a whole. */
const CUT_EDGE = 65;

/**
 * A text of ACS without what must not be kept: URLs (they may contain tickets), long runs of digits (numbers) and of
 * letters (tokens). At most 200 characters, of the first 1,000 of the text.
 */
export function safeText(text: string): string {
  const safe = text
    .slice(0, MAX_READ)
    .replaceAll(/\S+:\/\/\S+/g, '[url]')
    .replaceAll(/\+?\d[\d\s().-]{5,}\d/g, '[number]')
    .replaceAll(/\S{65,}/g, '[text]');
  return (text.length > MAX_READ ? safe.slice(0, -CUT_EDGE) : safe).slice(0, MAX_TEXT);
}
