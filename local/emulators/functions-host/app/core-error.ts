/** An error that the host side of the seam raises; `@azure/functions` tells it from the app's own by the marker. */
export class CoreError extends Error {
  readonly isAzureFunctionsSystemError = true;
}

/** Raised for an unknown hook name: `@azure/functions` recognises an older host by this exact name and marker. */
export class CoreRangeError extends RangeError {
  readonly isAzureFunctionsSystemError = true;
}

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
