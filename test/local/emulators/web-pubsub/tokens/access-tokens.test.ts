import { type JWTPayload, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { SERVICE_LIMITS } from '../../../../../local/emulators/web-pubsub/base/limits.ts';
import {
  AccessTokens,
  TokenProblem,
} from '../../../../../local/emulators/web-pubsub/tokens/access-tokens.ts';
import { ManualClock } from '../../../../support/manual-clock.ts';

const FIRST = 'the first access key of the service of the tests';
const SECOND = 'the second access key of the service of the tests';
const URL = 'http://127.0.0.1:8080/api/hubs/chat/:send';
const NOW_S = 1_000_000;

const tokens = new AccessTokens([FIRST, SECOND], new ManualClock(NOW_S * 1_000), SERVICE_LIMITS);

function sign(claims: JWTPayload, key = FIRST, alg = 'HS256'): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg }).sign(new TextEncoder().encode(key));
}

describe('a token', () => {
  it.each([FIRST, SECOND])('is valid under either access key', async (key) => {
    const token = await sign({ aud: `${URL}?api-version=2024-12-01`, exp: NOW_S + 60 }, key);
    expect(await tokens.verifyRest(token, `${URL}?api-version=2024-12-01`)).toBeUndefined();
  });

  it.each<[string, JWTPayload, (string | undefined)?, (string | undefined)?]>([
    [
      'no access key of this service has signed it (HS256)',
      { aud: URL, exp: NOW_S + 60 },
      'an access key of another service altogether',
    ],
    ['it is no JWT that is signed with HS256', { aud: URL, exp: NOW_S + 60 }, FIRST.repeat(2), 'HS512'],
    ['it has expired (exp)', { aud: URL, exp: NOW_S - 3_600 }],
    ['it has expired (exp)', { aud: URL, exp: NOW_S - 3_600 }, SECOND],
    ['it has no claim exp', { aud: URL }],
    ['it has no claim aud', { exp: NOW_S + 60 }],
    ['its claim nbf does not hold', { aud: URL, exp: NOW_S + 9_000, nbf: NOW_S + 8_000 }],
    ['its time begins (nbf) after its end (exp)', { aud: URL, exp: NOW_S + 10, nbf: NOW_S + 20 }],
    [`its audience (aud) is http://elsewhere, and not ${URL}`, { aud: 'http://elsewhere', exp: NOW_S + 60 }],
  ])('is not valid: %s', async (rule, claims, key, alg) => {
    expect(await tokens.verifyRest(await sign(claims, key, alg), URL)).toEqual(new TokenProblem(rule));
  });

  it('that is no token at all says so', async () => {
    expect(await tokens.verifyRest('abc', URL)).toMatchObject({ rule: expect.stringContaining('no JWT') });
  });

  it('of a client names one user', async () => {
    const token = await sign({ aud: URL, exp: NOW_S + 60, sub: ['ana', 'ben'] as unknown as string });
    expect(await tokens.verifyClient(token, [URL])).toMatchObject({ rule: expect.stringContaining('(sub)') });
  });
});
