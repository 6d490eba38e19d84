/** A refusal over HTTP, in the error model of the REST interface. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly target: string | undefined;

  /** @param message one sentence that names the rule that was broken */
  constructor(status: number, code: string, message: string, target?: string) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
    this.target = target;
  }

  /** The body, `ErrorDetail` of the REST reference. */
  body(): string {
    return JSON.stringify({
      code: this.code,
      message: this.message,
      ...(this.target === undefined ? {} : { target: this.target }),
    });
  }

  /** The headers that go with the body. */
  headers(): Record<string, string> {
    return {
      'Content-Type': 'application/json; charset=utf-8',
      'x-ms-error-code': this.code,
      ...(this.status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {}),
    };
  }
}
