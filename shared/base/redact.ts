/** What is left of numbers and texts in logs, tables and answers. */

const SHOWN = 4;

/** The last four characters of a raw id or number (`…0123`); nothing of one that is no longer than that. */
export function maskParty(rawId: string): string {
  return `…${rawId.length > SHOWN ? rawId.slice(-SHOWN) : ''}`;
}

const MAX_TEXT = 200;

/** A text of ACS without what may not be kept: URLs (they may carry tickets), long runs of digits (numbers) and of letters (tokens). */
export function safeText(text: string): string {
  return text
    .replaceAll(/\S+:\/\/\S+/g, '[url]')
    .replaceAll(/\+?\d[\d\s().-]{5,}\d/g, '[number]')
    .replaceAll(/\S{65,}/g, '[text]')
    .slice(0, MAX_TEXT);
}
