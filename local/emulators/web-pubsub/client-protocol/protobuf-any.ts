import { MalformedProtobuf, ProtobufReader } from './protobuf-reader.ts';

/** Whether the bytes are a `google.protobuf.Any`: 1 `type_url` string, 2 `value` bytes. What the value holds is not looked at. */
export function isAny(bytes: Uint8Array): boolean {
  try {
    const reader = new ProtobufReader(bytes);
    for (let field = reader.nextField(); field !== undefined; field = reader.nextField()) {
      if (field === 1) reader.string();
      else if (field === 2) reader.bytes();
      else reader.skip();
    }
    return true;
  } catch (error) {
    if (error instanceof MalformedProtobuf) return false;
    throw error;
  }
}
