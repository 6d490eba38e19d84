import { createServer } from 'node:http';
import { exportJWK, exportSPKI, type GenerateKeyPairResult, generateKeyPair, SignJWT } from 'jose';
import { closeAtOnce, listenOnLoopback } from './loopback.ts';

export const TENANT_ID = '22222222-2222-2222-2222-222222222222';
export const AUDIENCE = 'api://33333333-3333-3333-3333-333333333333';
export const OBJECT_ID = '44444444-4444-4444-4444-444444444444';

/** A tenant of Entra ID as far as tokens show it: it signs them, and publishes its keys. */
export interface EntraTenant {
  readonly jwksUrl: string;
  readonly issuer: string;
  /** How often its keys were fetched. */
  readonly fetches: number;
  /** Answers nobody who asks for keys. */
  isDown: boolean;
  /**
   * A token of version 2 for a program with these roles, valid for an hour; `claims` replaces claims, undefined removes
   * one.
   */
  token(roles: readonly string[], claims?: Readonly<Record<string, unknown>>): Promise<string>;
  /** Publishes another key in place of its present one, and signs with it. */
  rotate(): Promise<void>;
  /** Its present public key, as anybody can have it. */
  publicKeyPem(): Promise<string>;
  close(): Promise<void>;
}

export async function startEntraTenant(nowMs: () => number = Date.now): Promise<EntraTenant> {
  let keys: GenerateKeyPairResult = await generateKeyPair('RS256');
  let kid = 1;
  let fetches = 0;
  const server = createServer((_request, response) => {
    fetches += 1;
    void exportJWK(keys.publicKey).then((jwk) => {
      const body = JSON.stringify({ keys: [{ ...jwk, kid: `key-${kid}`, alg: 'RS256', use: 'sig' }] });
      response
        .writeHead(tenant.isDown ? 503 : 200, { 'content-type': 'application/json' })
        .end(tenant.isDown ? '' : body);
    });
  });
  const port = await listenOnLoopback(server);
  const url = `http://127.0.0.1:${port}`;
  const tenant: EntraTenant = {
    jwksUrl: `${url}/${TENANT_ID}/discovery/v2.0/keys`,
    issuer: `https://login.microsoftonline.com/${TENANT_ID}/v2.0`,
    get fetches() {
      return fetches;
    },
    isDown: false,
    token: (roles, claims = {}) => {
      const nowS = Math.floor(nowMs() / 1_000);
      const all = {
        iss: tenant.issuer,
        aud: AUDIENCE,
        tid: TENANT_ID,
        oid: OBJECT_ID,
        azp: '55555555-5555-5555-5555-555555555555',
        roles,
        iat: nowS,
        nbf: nowS,
        exp: nowS + 3_600,
        ...claims,
      };
      return new SignJWT(all).setProtectedHeader({ alg: 'RS256', kid: `key-${kid}` }).sign(keys.privateKey);
    },
    rotate: async () => {
      keys = await generateKeyPair('RS256');
      kid += 1;
    },
    publicKeyPem: () => exportSPKI(keys.publicKey),
    close: () => closeAtOnce(server),
  };
  return tenant;
}
