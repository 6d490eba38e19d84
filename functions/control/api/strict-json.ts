import type { ProblemMember } from '../../../shared/wire/api/problem.ts';
import { pointerTo } from './json-pointer.ts';

/** How deep objects and arrays of a body may lie in each other. */
const MAX_DEPTH = 32;

/** Names that mean something to JavaScript itself and nothing to any body. */
const RESERVED = new Set(['__proto__', 'constructor', 'prototype']);

/** The value of a JSON text, or what is wrong with it: no JSON, too deep, or a member with a name that no body may have. */
export function strictJson(
  text: string,
): { readonly value: unknown } | Extract<ProblemMember, { pointer: string }> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { pointer: '#', detail: 'must be JSON' };
  }
  return problemIn(value) ?? { value };
}

type Place = { readonly value: unknown; readonly path: readonly string[] };

function problemIn(root: unknown): Extract<ProblemMember, { pointer: string }> | undefined {
  const left: Place[] = [{ value: root, path: [] }];
  for (let place = left.pop(); place !== undefined; place = left.pop()) {
    const { value, path } = place;
    if (typeof value !== 'object' || value === null) continue;
    if (path.length >= MAX_DEPTH)
      return { pointer: pointerTo(path), detail: `must not lie deeper than ${MAX_DEPTH} levels` };
    for (const [key, member] of Object.entries(value)) {
      if (RESERVED.has(key)) return { pointer: pointerTo([...path, key]), detail: 'is not a known member' };
      left.push({ value: member, path: [...path, key] });
    }
  }
  return undefined;
}
