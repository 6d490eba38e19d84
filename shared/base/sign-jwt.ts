/**
 * Signs a JWT (RFC 7519) with HMAC-SHA256, at once. jose, which verifies what is signed here, signs only
 * asynchronously.
 */
import { createHmac } from 'node:crypto';

const HEADER = encoded({ alg: 'HS256', typ: 'JWT' });

/** @param key the UTF-8 text of the key */
export function signJwt(claims: Readonly<Record<string, string | number>>, key: string): string {
  const signed = `${HEADER}.${encoded(claims)}`;
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
}

function encoded(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
