/**
 * A refusal over HTTP, in the two forms the service has: for 400 the problem details of a failed validation
 * (`application/problem+json`), for everything else the `ErrorDetail` of the REST reference. Members and their order
 * are those of answers of the service that the recorded tests of Microsoft's SDKs hold.
 */
export class ApiError extends Error {
  readonly status: number;
  /** Also the header `x-ms-error-code`. */
  readonly code: string;
  readonly target: string | undefined;

  /**
   * @param message one sentence that names the rule that was broken
   * @param target the parameter, or the kind of thing, that the message is about
   */
  constructor(status: number, code: string, message: string, target?: string) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
    this.target = target;
  }

  body(): string {
    const { status, code, message } = this;
    const target = this.target ?? null;
    if (status !== 400) return JSON.stringify({ code, message, target, details: null, innererror: null });
    return JSON.stringify({
      code,
      message,
      target,
      errors: { [target ?? '']: [message] },
      type: null,
      title: 'One or more validation errors occurred.',
      status,
      detail: null,
      instance: null,
      extensions: {},
    });
  }

  /** The headers that go with the body. */
  headers(): Record<string, string> {
    return {
      'Content-Type': `application/${this.status === 400 ? 'problem+json' : 'json'}; charset=utf-8`,
      'x-ms-error-code': this.code,
      ...(this.status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {}),
    };
  }
}

/** 400 for a request that breaks the rule that `message` names. */
export function badRequest(message: string, target?: string): ApiError {
  return new ApiError(400, 'Error.BadRequest', message, target);
}

type Kind = 'Connection' | 'User' | 'Group';

/**
 * 404 for something that is not there, in the words of the service.
 * @param severity the service grades the error code by operation, from `Info` to `Error`
 */
export function notExisted(severity: 'Info' | 'Warning' | 'Error', kind: Kind, name: string): ApiError {
  return new ApiError(404, `${severity}.${kind}.NotExisted`, `${kind} \`${name}\` is not found.`, kind);
}
