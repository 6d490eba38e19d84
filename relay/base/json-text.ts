/** What a text says as JSON; undefined for any other text, and for what is no text. */
export function readJsonText(data: unknown): unknown {
  try {
    return typeof data === 'string' ? JSON.parse(data) : undefined;
  } catch {
    return undefined;
  }
}
