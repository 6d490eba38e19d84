import { describe, expect, it } from 'vitest';
import { originOf, stackOf } from '../../../shared/base/errors.ts';

describe('errors', () => {
  const error = Object.assign(new SyntaxError('"+14255550123\n    at +14255550124" is not JSON'), {
    request: { body: 'a pin of 1234' },
    cause: new Error('Bearer eyJ'),
  });

  it('say where they come from without their message, whatever its lines look like', () => {
    const trace = originOf(error);
    expect(trace).toMatch(/^SyntaxError: at .*errors\.test\.ts/);
    expect(trace).not.toMatch(/\+1425|1234|eyJ|\n/);
  });

  it('have their stack, and neither their properties nor their causes', () => {
    expect(stackOf(error)).toBe(error.stack);
    expect(stackOf(error)).not.toMatch(/pin|eyJ/);
  });

  it.each([
    [{ body: 'pin' }, 'object'],
    ['pin 1234', 'string'],
    [undefined, 'undefined'],
  ])('that are none, such as %o, show their type alone', (thrown, type) => {
    for (const text of [stackOf(thrown), originOf(thrown)])
      expect(text).toBe(`a value of the type ${type} was thrown`);
  });
});
