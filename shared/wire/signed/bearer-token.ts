/** Longest token that is looked at, in characters. */
export const MAX_TOKEN_CHARS = 8_192;

export type Bearer =
  | { readonly token: string }
  | { readonly refusal: 'missing' | 'not a bearer token' | 'malformed' };

/** The token of an `Authorization` header (RFC 6750, section 2.1), or why there is none. */
export function bearerToken(header: string | null | undefined): Bearer {
  if (header === null || header === undefined || header === '') return { refusal: 'missing' };
  const token = /^Bearer +(\S+) *$/i.exec(header)?.[1];
  if (token === undefined) return { refusal: 'not a bearer token' };
  return token.length > MAX_TOKEN_CHARS ? { refusal: 'malformed' } : { token };
}
