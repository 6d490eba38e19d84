import { SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createEntraTokenVerifier,
  type EntraTokenVerifier,
} from '../../../../functions/control/access/entra-token.ts';
import { TokenError } from '../../../../shared/wire/signed/verify-signed.ts';
import {
  AUDIENCE,
  type EntraTenant,
  OBJECT_ID,
  startEntraTenant,
  TENANT_ID,
} from '../../../support/entra-tenant.ts';
import { until } from '../../../support/until.ts';

let tenant: EntraTenant;
let verifier: EntraTokenVerifier;
const COOLDOWN_MS = 20;

function verifierOf(cooldownMs: number): EntraTokenVerifier {
  return createEntraTokenVerifier({
    tenantId: TENANT_ID,
    audience: AUDIENCE,
    issuers: [tenant.issuer, `https://sts.windows.net/${TENANT_ID}/`],
    jwksUrl: tenant.jwksUrl,
    cooldownMs,
  });
}

beforeAll(async () => {
  tenant = await startEntraTenant();
  verifier = verifierOf(COOLDOWN_MS);
});
afterAll(() => tenant?.close());

async function refusalOf(token: string, by = verifier): Promise<string> {
  try {
    await by.verify(token, Date.now());
    return 'accepted';
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    expect(error.message, 'the message holds nothing of the token').not.toContain(token.slice(-20));
    return error.reason;
  }
}

describe('a token of Entra ID', () => {
  it('tells who has it and which roles he has', async () => {
    expect(await verifier.verify(await tenant.token(['Calls.Read']), Date.now())).toEqual({
      objectId: OBJECT_ID,
      roles: ['Calls.Read'],
    });
    const none = await tenant.token([], { roles: undefined });
    expect(await verifier.verify(none, Date.now()), 'one without roles').toMatchObject({ roles: [] });
  });

  it('may be of version 1, which names issuer and program in another way', async () => {
    const v1 = { iss: `https://sts.windows.net/${TENANT_ID}/`, azp: undefined, appid: 'a' };
    expect(await refusalOf(await tenant.token(['Calls.Read'], v1))).toBe('accepted');
  });

  const nowS = Math.floor(Date.now() / 1_000);
  it.each<[string, Record<string, unknown>]>([
    ['expired', { exp: nowS - 400 }],
    ['not valid yet', { nbf: nowS + 400 }],
    ['wrong audience', { aud: 'api://another' }],
    ['wrong issuer', { iss: 'https://login.microsoftonline.com/another/v2.0' }],
    ['wrong tenant', { tid: '99999999-9999-9999-9999-999999999999' }],
    ['not an access token', { azp: undefined }],
    ['malformed', { exp: undefined }],
    ['malformed', { oid: undefined }],
    ['malformed', { roles: 'Calls.Control' }],
  ])('is refused as %s with the claims %j', async (reason, claims) => {
    expect(await refusalOf(await tenant.token(['Calls.Control'], claims))).toBe(reason);
  });

  it.each([
    ['has expired for', { exp: nowS - 290 }],
    ['is not valid for', { nbf: nowS + 290 }],
  ])('is accepted when by this clock it %s less than five minutes', async (_, claims) => {
    expect(await refusalOf(await tenant.token(['Calls.Read'], claims))).toBe('accepted');
  });

  it('is refused without a signature, and with one by the public key as if it were a secret', async () => {
    const claims = { aud: AUDIENCE, tid: TENANT_ID, oid: OBJECT_ID, azp: 'a', roles: ['Calls.Control'] };
    const unsecured = new UnsecuredJWT(claims).setIssuer(tenant.issuer).setExpirationTime('1h').encode();
    expect(await refusalOf(unsecured)).not.toBe('accepted');
    const confused = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid: 'key-1' })
      .setIssuer(tenant.issuer)
      .setExpirationTime('1h')
      .sign(new TextEncoder().encode(await tenant.publicKeyPem()));
    expect(await refusalOf(confused)).toBe('wrong algorithm');
    expect(await refusalOf('nonsense')).toBe('malformed');
  });

  it('with a key that is not known has the keys fetched again, but not again and again', async () => {
    const patient = verifierOf(60_000);
    expect(await refusalOf(await tenant.token(['Calls.Read']), patient)).toBe('accepted');
    await tenant.rotate();
    const before = tenant.fetches;
    const token = await tenant.token(['Calls.Read']);
    for (let attempt = 0; attempt < 20; attempt += 1)
      expect(await refusalOf(token, patient), 'within the pause').toBe('unknown key');
    expect(tenant.fetches - before, 'fetches within the pause').toBe(0);
    await until(async () => (await refusalOf(token)) === 'accepted' || undefined, 'the new key is known');
  });

  it('proves nothing while the keys cannot be had', async () => {
    tenant.isDown = true;
    expect(await refusalOf(await tenant.token(['Calls.Read']), verifierOf(0))).toBe('keys unavailable');
    tenant.isDown = false;
  });
});
