import { jsonBreaksAt } from './json-position.ts';

/** True for a JSON object: neither null nor an array. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value of a JSON text. Undefined for another text, since JSON has no such value. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The value of a JSON text. `refusal` makes the error for another text, from the place where it stops being JSON. */
export function requireJson(text: string, refusal: (place: string | undefined) => Error): unknown {
  const value = jsonOf(text);
  if (value === undefined) throw refusal(jsonBreaksAt(text));
  return value;
}
