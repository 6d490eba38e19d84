import type { HttpRequest } from '@azure/functions';
import type { Endpoint } from '../../../shared/protocol/api/endpoint.ts';

/** Who sent a request. */
export interface Caller {
  /** The same for every request of the same caller; no secret. */
  readonly id: string;
}

/** The one place in which it is decided who may do what. */
export interface Access {
  /** @throws ProblemError where the request does not prove that its caller may do this. */
  authorize(request: HttpRequest, endpoint: Endpoint): Promise<Caller>;
}

/** What the host checks before a function is invoked: a function key, unless everybody may read what it answers. */
export function authLevelOf({ role }: Endpoint): 'anonymous' | 'function' {
  return role === undefined ? 'anonymous' : 'function';
}

/** Trusts the host, which has asked for a function key and does not tell whose it was. */
export const hostKeys: Access = {
  authorize: async () => ({ id: 'function-key' }),
};
