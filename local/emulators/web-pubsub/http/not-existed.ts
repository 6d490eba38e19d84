import { ApiError } from './api-error.ts';

type Kind = 'Connection' | 'User' | 'Group';

/**
 * 404 for something that is not there, in the words of the service.
 * @param severity the service grades the error code by operation, from `Info` to `Error`
 */
export function notExisted(severity: 'Info' | 'Warning' | 'Error', kind: Kind, name: string): ApiError {
  return new ApiError(404, `${severity}.${kind}.NotExisted`, `${kind} \`${name}\` is not found.`, kind);
}
