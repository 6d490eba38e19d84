/** One frame as a server sends it, built by hand after the figure in RFC 6455 section 5.2. */
export function serverFrame(
  opcode: number,
  payload: Uint8Array,
  changes: { readonly fin?: boolean; readonly reserved?: number; readonly masked?: boolean } = {},
): Buffer {
  const { fin = true, reserved = 0, masked = false } = changes;
  const { length } = payload;
  const header = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  header[0] = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  header[1] = (masked ? 0x80 : 0) | (length < 126 ? length : length < 65_536 ? 126 : 127);
  if (header.length === 4) header.writeUInt16BE(length, 2);
  if (header.length === 10) header.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([header, ...(masked ? [Buffer.alloc(4)] : []), payload]);
}
