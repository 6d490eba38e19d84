/** PCM16 little-endian in base64, as audio travels in media frames. Typed arrays are little-endian wherever Node runs. */

/** Standard alphabet with padding, as .NET's `Convert.FromBase64String` takes it. */
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

export function encodePcm16(samples: Int16Array): string {
  return Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength).toString('base64');
}

/** The samples, in an array of their own, or why there are none. */
export function decodePcm16(base64: string): Int16Array | 'notBase64' | 'oddLength' {
  if (base64.length % 4 !== 0 || !BASE64.test(base64)) return 'notBase64';
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length % 2 !== 0) return 'oddLength';
  const samples = new Int16Array(bytes.length / 2);
  bytes.copy(new Uint8Array(samples.buffer));
  return samples;
}
