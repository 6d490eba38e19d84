import type { Endpoint } from '../../../shared/wire/api/endpoint.ts';
import type { HostCheck } from './access.ts';

/** What the host is to ask of whoever uses an operation: a key, unless everybody may, or a token is asked for by the app. */
export function hostCheckOf({ role }: Endpoint, apiAuth: 'function-key' | 'entra'): HostCheck {
  return role !== undefined && apiAuth === 'function-key' ? 'function-key' : 'nothing';
}

/** The same in the terms of the host. */
export function authLevelOf(check: HostCheck): 'anonymous' | 'function' {
  return check === 'function-key' ? 'function' : 'anonymous';
}
