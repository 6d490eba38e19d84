import { describe, expect, it } from 'vitest';
import { positiveNumberOption, wholeNumberOption } from '../../../bench/common/options.ts';

describe('a number that a measurement is given', () => {
  it('is taken where it is whole and above 0', () => {
    expect(wholeNumberOption('--calls', '50')).toBe(50);
  });

  it.each(['0', '-1', '1.5', 'ten', '', 'Infinity'])(
    'is refused by name where it must be whole: "%s"',
    (text) => {
      expect(() => wholeNumberOption('--calls', text)).toThrow(
        `--calls must be a whole number above 0, not ${text}`,
      );
    },
  );

  it('may have a fraction where the option allows one', () => {
    expect(positiveNumberOption('--minutes', '0.5')).toBe(0.5);
  });

  it.each(['0', '-0.5', 'ten', ''])('is refused by name where it is not above 0: "%s"', (text) => {
    expect(() => positiveNumberOption('--minutes', text)).toThrow(
      `--minutes must be a positive number, not ${text}`,
    );
  });
});
