/** The opcodes of RFC 6455 section 5.2. */
export const OPCODE = {
  continuation: 0x0,
  text: 0x1,
  binary: 0x2,
  close: 0x8,
  ping: 0x9,
  pong: 0xa,
} as const;

/** Bytes of a control frame's payload at most (section 5.5). */
export const MAX_CONTROL_BYTES = 125;
