/** PCM16 little-endian in base64, as audio travels in media frames. Typed arrays are little-endian wherever Node runs. */

export function encodePcm16(samples: Int16Array): string {
  return Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength).toString('base64');
}

/**
 * The samples, in an array of their own, or why there are none. Only the standard alphabet with padding is taken, as
 * .NET's `Convert.FromBase64String` takes it.
 */
export function decodePcm16(base64: string): Int16Array | 'notBase64' | 'oddLength' {
  if (base64.length % 4 !== 0) return 'notBase64';
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
  const length = (base64.length / 4) * 3 - padding;
  const bytes = new Uint8Array(length + (length % 2));
  // Node passes over what is not base64, so that less is written than there should be; of the URL's alphabet it makes bytes.
  const written = Buffer.from(bytes.buffer).write(base64, 'base64');
  if (written !== length || base64.includes('-') || base64.includes('_')) return 'notBase64';
  return length % 2 === 0 ? new Int16Array(bytes.buffer) : 'oddLength';
}
