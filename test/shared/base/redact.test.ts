import { describe, expect, it } from 'vitest';
import { maskParty, safeText } from '../../../shared/base/redact.ts';

describe('what is shown of a caller', () => {
  it.each([
    ['4:+14255550123', '…0123'],
    ['8:acs:8e2d_0000-00ab12', '…ab12'],
    ['1234', '…'],
    ['', '…'],
  ])('%s is at most its last four characters: %s', (rawId, shown) => {
    expect(maskParty(rawId)).toBe(shown);
  });
});

describe('texts of ACS', () => {
  it('keep their words', () => {
    expect(safeText('Action failed, not able to establish websocket connection.')).toBe(
      'Action failed, not able to establish websocket connection.',
    );
  });

  it.each([
    ['a URL', 'dial wss://relay/media/x?ticket=abc now', 'dial [url] now'],
    ['a number', 'caller +1 (425) 555-0123 left', 'caller [number] left'],
    ['a token', `token ${'a'.repeat(80)}`, 'token [text]'],
  ])('lose %s', (_what, text, kept) => {
    expect(safeText(text)).toBe(kept);
  });

  it('are cut', () => {
    expect(safeText('word '.repeat(200))).toHaveLength(200);
  });

  it.each([
    ['a number', `wss://${'a'.repeat(986)} +14255550123`],
    ['a token', `wss://${'a'.repeat(940)} ${'b'.repeat(80)}`],
  ])('keep nothing of %s that the cut divides', (_what, text) => {
    expect(safeText(text)).not.toMatch(/\d|b/);
  });

  it.each([
    ['letters without a URL', 'a'],
    ['digits without an end', '1 '],
    ['beginnings of URLs', 'a:/'],
    ['beginnings of numbers', '+1-('],
  ])('of a million characters take no more time than short ones: %s', (_what, part) => {
    const text = part.repeat(1_000_000 / part.length);
    const startedMs = performance.now();
    safeText(text);
    expect(performance.now() - startedMs).toBeLessThan(500);
  });
});
