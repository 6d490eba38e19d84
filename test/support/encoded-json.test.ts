import { expect, it } from 'vitest';
import { encodedJson } from './encoded-json.ts';

it.each([{ alg: 'HS256', typ: 'JWT' }, { v: 1, callId: 'x' }, { kid: 'a' }, { sub: { a: 1 } }])(
  'finds the encoded start of %j in a line',
  (value) => {
    for (const encoding of ['base64', 'base64url'] as const)
      expect(encodedJson(`token=${Buffer.from(JSON.stringify(value)).toString(encoding)};`)).toHaveLength(1);
  },
);

it.each(['eyJ', 'id xxeyJq8fT0aQz_-w', 'nothing of the kind'])('finds none in "%s"', (line) => {
  expect(encodedJson(line)).toEqual([]);
});
