import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { TokenIssuer } from '../../../../../local/emulators/acs/events/tokens.ts';
import { newSigningKey } from '../../../../../local/emulators/common/signing-key.ts';
import { ManualClock } from '../../../../support/manual-clock.ts';

const AUDIENCE = '12345678-0000-4000-8000-123456789abc';
const ISSUER = 'https://issuer.example';

async function issuer(clock: ManualClock): Promise<TokenIssuer> {
  const key = await newSigningKey();
  return new TokenIssuer({
    key,
    issuer: ISSUER,
    audience: AUDIENCE,
    baseUrl: 'http://127.0.0.1:8070',
    clock,
  });
}

describe('the tokens of the service', () => {
  it.each([
    ['callback', 5 * 60],
    ['media', 24 * 60 * 60],
  ] as const)(
    'for %s last %i seconds, are new each time and verify against the published keys',
    async (kind, lifetimeS) => {
      const clock = new ManualClock();
      const tokens = await issuer(clock);
      const make = (): Promise<string> =>
        kind === 'callback' ? tokens.callbackToken() : tokens.mediaToken();
      const keys = createLocalJWKSet(tokens.keys() as unknown as Parameters<typeof createLocalJWKSet>[0]);
      const token = await make();
      const verify = { issuer: ISSUER, audience: AUDIENCE, algorithms: ['RS256'] };
      const currentDate = new Date(clock.now());
      const { payload, protectedHeader } = await jwtVerify(token, keys, { ...verify, currentDate });
      expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(lifetimeS);
      expect(protectedHeader.kid).toBeDefined();
      expect(decodeJwt(await make()).jti).not.toBe(payload.jti);
      const late = new Date(clock.now() + lifetimeS * 1000);
      await expect(jwtVerify(token, keys, { ...verify, currentDate: late })).rejects.toThrow(/exp/);
    },
  );

  it('publish the public half of the key only', async () => {
    const tokens = await issuer(new ManualClock());
    const text = JSON.stringify(tokens.keys());
    expect(text).toContain('"kty":"RSA"');
    expect(text).not.toMatch(/"(d|p|q|dp|dq|qi)":/);
  });

  it('name their keys in the OpenID configuration', async () => {
    const tokens = await issuer(new ManualClock());
    expect(tokens.openIdConfiguration()).toMatchObject({
      issuer: ISSUER,
      jwks_uri: 'http://127.0.0.1:8070/calling/keys',
    });
  });
});
