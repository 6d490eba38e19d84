/** A JSON pointer as a URI fragment (RFC 6901, section 6). */
export function pointerTo(path: readonly PropertyKey[]): string {
  const parts = path.map((key) =>
    encodeURIComponent(String(key).replaceAll('~', '~0').replaceAll('/', '~1')),
  );
  return ['#', ...parts].join('/');
}
