/**
 * Sealed tokens: what others carry or store for us and must not read. A JWT as a JWE in compact form (RFC 7519, RFC
 * 7516), `dir` with A256GCM. `verifySigned` opens them. Each purpose has a key of its own, derived from the ticket key
 * by HKDF (RFC 5869), so that a token sealed for one purpose cannot be opened for another.
 */
import { EncryptJWT, type JWTPayload } from 'jose';

export type SealPurpose = 'ticket' | 'stream handover';

const KEY_MANAGEMENT = 'dir';
const ENCRYPTION = 'A256GCM';
const KEY_BITS = 256;

/** The only algorithms with which a sealed token is opened. */
export const SEALED_WITH = {
  keyManagementAlgorithms: [KEY_MANAGEMENT],
  contentEncryptionAlgorithms: [ENCRYPTION],
};

/** @param secret the UTF-8 text of a ticket key */
export async function seal(claims: JWTPayload, purpose: SealPurpose, secret: string): Promise<string> {
  return await new EncryptJWT(claims)
    .setProtectedHeader({ alg: KEY_MANAGEMENT, enc: ENCRYPTION })
    .encrypt(await sealingKey(purpose, secret));
}

export async function sealingKey(purpose: SealPurpose, secret: string): Promise<Uint8Array> {
  const text = new TextEncoder();
  const material = await crypto.subtle.importKey('raw', text.encode(secret), 'HKDF', false, ['deriveBits']);
  const info = text.encode(`trunkline ${purpose}`);
  const hkdf = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info };
  return new Uint8Array(await crypto.subtle.deriveBits(hkdf, material, KEY_BITS));
}
