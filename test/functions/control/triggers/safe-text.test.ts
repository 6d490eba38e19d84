import { describe, expect, it } from 'vitest';
import { safeText } from '../../../../functions/control/triggers/call-events.ts';

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
