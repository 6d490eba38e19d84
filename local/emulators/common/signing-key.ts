import { type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';

/** How the emulated services sign their tokens. */
export const SIGNED_WITH = 'RS256';

/** The key pair that signs tokens. */
export interface SigningKey {
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
  readonly keyId: string;
}

export async function newSigningKey(): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(SIGNED_WITH);
  const jwk = await exportJWK(publicKey);
  const keyId = await calculateJwkThumbprint(jwk);
  return { privateKey, keyId, publicJwk: { ...jwk, kid: keyId, alg: SIGNED_WITH, use: 'sig' } };
}
