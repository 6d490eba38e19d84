import { CoreError } from './core-error.ts';

/** A property of a hook's context that throws when a hook tries to replace it. */
export function readOnly(name: string, get: () => unknown): PropertyDescriptor {
  return {
    enumerable: true,
    get,
    set: () => {
      throw new CoreError(`Cannot assign to read only property '${name}'`);
    },
  };
}
