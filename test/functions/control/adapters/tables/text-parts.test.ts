import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  MAX_TEXT_CHARACTERS,
  partsOf,
  type TextParts,
  textOf,
} from '../../../../../functions/control/adapters/tables/text-parts.ts';

/** The most that table storage takes in one property, in UTF-16 code units. */
const MAX_PROPERTY = 32_768;

function partsThatFit(text: string): TextParts<'text'> {
  return partsOf('text', text) ?? expect.fail(`a text of ${text.length} characters does not fit`);
}

function strings(parts: TextParts<'text'>): string[] {
  return Object.values(parts).filter((part: unknown) => typeof part === 'string');
}

it('gives a text of any length that fits back whole, from properties that storage takes', () => {
  const texts = fc
    .tuple(fc.string({ unit: 'grapheme', minLength: 1 }), fc.nat(MAX_TEXT_CHARACTERS))
    .map(([unit, length]) => unit.repeat(Math.ceil(length / unit.length)).slice(0, length));
  fc.assert(
    fc.property(texts, (text) => {
      const parts = partsThatFit(text);
      expect(textOf('text', parts) === text, `${text.length} characters come back`).toBe(true);
      expect(Math.max(0, ...strings(parts).map(({ length }) => length))).toBeLessThanOrEqual(MAX_PROPERTY);
    }),
    { numRuns: 50 },
  );
});

it('cuts no character in two', () => {
  for (const before of ['', 'x']) {
    const parts = partsThatFit(`${before}${'😀'.repeat(40_000)}`);
    expect(
      strings(parts).every((part) => part.isWellFormed()),
      `after "${before}"`,
    ).toBe(true);
  }
});

it('holds no text in no parts', () => {
  expect(partsOf('text', '')).toEqual({ parts: 0 });
  expect(textOf('text', { parts: 0 })).toBe('');
});

it('takes the longest text and none that is longer', () => {
  expect(partsOf('text', 'x'.repeat(MAX_TEXT_CHARACTERS))?.parts).toBe(15);
  expect(partsOf('text', 'x'.repeat(MAX_TEXT_CHARACTERS + 1))).toBeUndefined();
});

it('keeps out what a longer text has left behind it in the row', () => {
  const row = { ...partsThatFit('a'.repeat(70_000)), ...partsThatFit('b'.repeat(31_000)) };
  expect(strings(row)).toHaveLength(3);
  expect(textOf('text', row) === 'b'.repeat(31_000), 'only the shorter text comes back').toBe(true);
});
