/**
 * Strict base64 (RFC 4648, section 4): padding required, no white space, no URL-safe alphabet.
 * `Buffer.from` skips what it does not know, so a wrong character shows as missing bytes.
 * @returns undefined when the text is not base64
 */
export function decodeBase64(text: string): Buffer | undefined {
  if (text.length % 4 !== 0) return undefined;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== (text.length / 4) * 3 - padding) return undefined;
  if (text.includes('-') || text.includes('_')) return undefined;
  return bytes;
}
