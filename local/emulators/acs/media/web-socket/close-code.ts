/** The status codes of RFC 6455 section 7.4 that this side names. */
export const CLOSE_CODE = {
  normal: 1000,
  protocolError: 1002,
  /** Never sent: a close frame without a code. */
  none: 1005,
  /** Never sent: the connection ended without a close frame. */
  abnormal: 1006,
  notUtf8: 1007,
  tooBig: 1009,
} as const;

/** Whether a close frame may carry the code: those of the registry, and 3000 to 4999, which are free for libraries and applications. */
export function isCloseCode(code: number): boolean {
  if (code >= 3000) return code <= 4999;
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006;
}
