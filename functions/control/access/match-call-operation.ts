import { type Endpoint, parametersOf } from '../../../shared/wire/api/endpoint.ts';
import { ENDPOINTS, type OperationId } from '../../../shared/wire/api/endpoints.ts';

export interface MatchedOperation {
  readonly id: OperationId;
  /** Decoded, and not yet checked. */
  readonly params: Readonly<Record<string, string>>;
}

interface Template {
  readonly id: OperationId;
  readonly method: string;
  readonly segments: readonly string[];
}

/** Operations on one call, each of which has its id in the path. */
const TEMPLATES: readonly Template[] = Object.entries<Endpoint>(ENDPOINTS)
  .filter(([, { path }]) => parametersOf(path).includes('callId'))
  .map(([id, { method, path }]) => ({ id: id as OperationId, method, segments: path.split('/') }));

/**
 * The operation on one call that a method and path (without `/api/` and query, percent-encoded) stand for. A segment is a parameter as a whole
 * or a literal to the letter, so that a path has one meaning only.
 */
export function matchCallOperation(method: string, path: string): MatchedOperation | undefined {
  const segments = path.split('/');
  for (const template of TEMPLATES) {
    if (template.method !== method || template.segments.length !== segments.length) continue;
    const params = paramsOf(template.segments, segments);
    if (params !== undefined) return { id: template.id, params };
  }
  return undefined;
}

function paramsOf(
  template: readonly string[],
  segments: readonly string[],
): Readonly<Record<string, string>> | undefined {
  const params: Record<string, string> = {};
  for (const [index, part] of template.entries()) {
    const segment = segments[index] ?? '';
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name === undefined) {
      if (segment !== part) return undefined;
      continue;
    }
    const value = decoded(segment);
    if (value === undefined || value === '') return undefined;
    params[name] = value;
  }
  return params;
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
