import { createServer, type Server } from 'node:http';
import { exportJWK, type GenerateKeyPairResult, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type AcsTokenVerifier,
  CALLBACK_TOKEN_MAX_S,
  createAcsTokenVerifier,
} from '../../../../shared/wire/acs/acs-token.ts';
import {
  publishedKeys,
  TokenError,
  type TokenRefusal,
} from '../../../../shared/wire/signed/verify-signed.ts';
import { listenOnLoopback } from '../../../support/loopback.ts';

const ISSUER = 'https://issuer.example';
const AUDIENCE = '6d8c2c37-54d6-4b2c-8f0a-0f5c9e7f1b11';
const NOW_MS = Date.UTC(2026, 5, 1, 12);
const MINUTE_S = 60;

interface Claims {
  readonly issuer?: string;
  readonly audience?: string;
  readonly expiresInS?: number;
  readonly notBeforeInS?: number;
  readonly issuedInS?: number;
  readonly kid?: string;
  readonly key?: GenerateKeyPairResult['privateKey'];
}

let keys: GenerateKeyPairResult;
let foreign: GenerateKeyPairResult;
let jwks: Server;
let jwksUrl: string;
let fetches: number;
let served: { status: number; body: string };
let verifier: AcsTokenVerifier;

beforeAll(async () => {
  keys = await generateKeyPair('RS256');
  foreign = await generateKeyPair('RS256');
  jwks = createServer((_, response) => {
    fetches += 1;
    response.writeHead(served.status, { 'content-type': 'application/json' }).end(served.body);
  });
  const port = await listenOnLoopback(jwks);
  jwksUrl = `http://127.0.0.1:${port}/calling/keys`;
});

beforeEach(async () => {
  fetches = 0;
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'key-1', alg: 'RS256', use: 'sig' };
  served = { status: 200, body: JSON.stringify({ keys: [jwk] }) };
  verifier = createAcsTokenVerifier({ issuer: ISSUER, audience: AUDIENCE, jwksUrl });
});

afterAll(() => jwks.close());

function token(claims: Claims = {}): Promise<string> {
  const nowS = NOW_MS / 1000;
  const jwt = new SignJWT({})
    .setProtectedHeader({ alg: 'RS256', kid: claims.kid ?? 'key-1' })
    .setIssuer(claims.issuer ?? ISSUER)
    .setAudience(claims.audience ?? AUDIENCE)
    .setExpirationTime(nowS + (claims.expiresInS ?? 5 * MINUTE_S));
  if (claims.notBeforeInS !== undefined) jwt.setNotBefore(nowS + claims.notBeforeInS);
  if (claims.issuedInS !== undefined) jwt.setIssuedAt(nowS + claims.issuedInS);
  return jwt.sign(claims.key ?? keys.privateKey);
}

async function refusalOf(
  header: string | undefined,
  by: AcsTokenVerifier = verifier,
): Promise<TokenRefusal | undefined> {
  const error: unknown = await by.verify(header, NOW_MS).then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (error === undefined) return undefined;
  if (!(error instanceof TokenError)) throw error;
  return error.reason;
}

describe('the ACS token verifier', () => {
  it('accepts a token of the service', async () => {
    expect(await refusalOf(`Bearer ${await token()}`)).toBeUndefined();
    expect(await refusalOf(`bearer ${await token()}`)).toBeUndefined();
  });

  it.each([
    ['missing', undefined],
    ['missing', ''],
    ['not a bearer token', 'Basic dXNlcjpwYXNz'],
    ['not a bearer token', 'Bearer '],
    ['not a bearer token', 'Bearer a b'],
    ['malformed', 'Bearer abc'],
    ['malformed', `Bearer ${'a'.repeat(9_000)}`],
  ] as const)('refuses as "%s" the header %s', async (reason, header) => {
    expect(await refusalOf(header)).toBe(reason);
    expect(fetches, 'no keys are fetched for what is no token').toBe(0);
  });

  it('refuses tokens of others', async () => {
    expect(await refusalOf(`Bearer ${await token({ issuer: 'https://evil.example' })}`)).toBe('wrong issuer');
    expect(await refusalOf(`Bearer ${await token({ audience: 'another-resource' })}`)).toBe('wrong audience');
    expect(await refusalOf(`Bearer ${await token({ key: foreign.privateKey })}`)).toBe('bad signature');
  });

  it('refuses a token whose claims were changed', async () => {
    const [header, , signature] = (await token()).split('.');
    const claims = { iss: ISSUER, aud: AUDIENCE, exp: NOW_MS / 1000 + 3_600 };
    const changed = Buffer.from(JSON.stringify(claims)).toString('base64url');
    expect(await refusalOf(`Bearer ${header}.${changed}.${signature}`)).toBe('bad signature');
  });

  it('takes no algorithm but RS256, not even with the public key as the secret', async () => {
    const unsigned = (header: object): string => {
      const parts = [header, { iss: ISSUER, aud: AUDIENCE, exp: NOW_MS / 1000 + 60 }];
      return parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    };
    expect(await refusalOf(`Bearer ${unsigned({ alg: 'none' })}.`)).toBe('wrong algorithm');
    expect(await refusalOf(`Bearer ${unsigned({ alg: 'HS256', kid: 'key-1' })}.AAAA`)).toBe(
      'wrong algorithm',
    );
  });

  it('allows clocks to differ by five minutes and no more', async () => {
    expect(await refusalOf(`Bearer ${await token({ expiresInS: -299 })}`)).toBeUndefined();
    expect(await refusalOf(`Bearer ${await token({ expiresInS: -301 })}`)).toBe('expired');
    expect(await refusalOf(`Bearer ${await token({ notBeforeInS: 299 })}`)).toBeUndefined();
    expect(await refusalOf(`Bearer ${await token({ notBeforeInS: 301 })}`)).toBe('not valid yet');
  });

  it('refuses a token that never expires', async () => {
    const eternal = await new SignJWT({})
      .setProtectedHeader({ alg: 'RS256', kid: 'key-1' })
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .sign(keys.privateKey);
    expect(await refusalOf(`Bearer ${eternal}`)).toBe('malformed');
  });

  it.each([
    [undefined, 'of ten minutes', { issuedInS: 0, expiresInS: 600 }],
    [undefined, 'of ten minutes that began before the present', { issuedInS: -200, expiresInS: 400 }],
    ['valid too long', 'of ten minutes and a second', { issuedInS: 0, expiresInS: 601 }],
    ['valid too long', 'of a day, in its last minute', { issuedInS: -86_340, expiresInS: 60 }],
    ['valid too long', 'of a day', { issuedInS: 0, expiresInS: 86_400 }],
    ['not valid yet', 'dated more than five minutes ahead', { issuedInS: 301, expiresInS: 600 }],
    ['malformed', 'that does not say when it was issued', { expiresInS: 60 }],
    ['expired', 'that has expired', { issuedInS: -900, expiresInS: -301 }],
  ] as const)('for callbacks answers %j to a token %s', async (refusal, _what, claims) => {
    const callbacks = createAcsTokenVerifier({
      issuer: ISSUER,
      audience: AUDIENCE,
      jwksUrl,
      maxLifetimeS: CALLBACK_TOKEN_MAX_S,
    });
    expect(await refusalOf(`Bearer ${await token(claims)}`, callbacks)).toBe(refusal);
  });

  it('for media sockets takes a token of a day', async () => {
    const ofADay = await token({ issuedInS: 0, expiresInS: 86_400 });
    expect(await refusalOf(`Bearer ${ofADay}`)).toBeUndefined();
  });

  it('fetches the keys once for many tokens, and not again for each unknown key', async () => {
    const tokens = await Promise.all(Array.from({ length: 20 }, () => token()));
    await Promise.all(tokens.map((each) => verifier.verify(`Bearer ${each}`, NOW_MS)));
    expect(fetches).toBe(1);
    for (let i = 0; i < 5; i += 1) {
      expect(await refusalOf(`Bearer ${await token({ kid: `other-${i}` })}`)).toBe('unknown key');
    }
    expect(fetches, 'unknown keys within the cooldown').toBe(1);
  });

  it('refuses everything while the keys cannot be had, asks every five seconds, and recovers with them', async () => {
    let nowMs = NOW_MS;
    const down = createAcsTokenVerifier({ issuer: ISSUER, audience: AUDIENCE, jwksUrl, now: () => nowMs });
    const good = served;
    for (const bad of [
      { status: 500, body: '' },
      { status: 200, body: 'not JSON' },
    ]) {
      served = bad;
      for (let i = 0; i < 30; i += 1)
        expect(await refusalOf(`Bearer ${await token()}`, down)).toBe('keys unavailable');
      nowMs += 5_000;
    }
    expect(fetches, 'for sixty tokens').toBe(2);
    served = good;
    expect(await refusalOf(`Bearer ${await token()}`, down)).toBeUndefined();
    expect(fetches).toBe(3);
  });

  it('accepts tokens with the keys that it has while unknown keys cannot be looked up', async () => {
    const impatient = publishedKeys(jwksUrl, { cooldownMs: 0, now: () => NOW_MS });
    const header = { alg: 'RS256', kid: 'key-1' };
    const jws = { payload: '', signature: '' };
    await impatient(header, jws);
    served = { status: 500, body: '' };
    for (let i = 0; i < 5; i += 1) {
      await expect(impatient({ ...header, kid: `other-${i}` }, jws)).rejects.toThrow('keys unavailable');
      await expect(impatient(header, jws)).resolves.toBeDefined();
    }
    expect(fetches, 'the first, and one that failed').toBe(2);
  });

  it('never repeats the token in its error', async () => {
    const secret = await token({ issuer: 'https://evil.example' });
    const error: unknown = await verifier.verify(`Bearer ${secret}`, NOW_MS).catch((cause: unknown) => cause);
    expect(String(error)).not.toContain(secret.split('.')[2]);
  });
});
