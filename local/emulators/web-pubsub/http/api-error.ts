/**
 * The body of a refusal. `detail`: the `ErrorDetail` of the REST reference. `problem`: the problem details of a
 * parameter that breaks its rule. `unreadable`: the same for a value that is none of its type, which the service
 * answers as plain JSON. Members, their order and media types are those of answers of the service that the recorded
 * tests of Microsoft's SDKs hold.
 */
type ErrorForm = 'detail' | 'problem' | 'unreadable';

export class ApiError extends Error {
  readonly status: number;
  /** Also the header `x-ms-error-code`. */
  readonly code: string;
  readonly target: string | undefined;
  readonly form: ErrorForm;

  /**
   * @param message one sentence that names the rule that was broken
   * @param target the parameter, or the kind of thing, that the message is about
   */
  constructor(status: number, code: string, message: string, target?: string, form: ErrorForm = 'detail') {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
    this.target = target;
    this.form = form;
  }

  body(): string {
    const { status, code, message } = this;
    const target = this.target ?? null;
    if (this.form === 'detail') return JSON.stringify({ code, message, target, details: null, inner: null });
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
      'Content-Type': `application/${this.form === 'problem' ? 'problem+json' : 'json'}; charset=utf-8`,
      'x-ms-error-code': this.code,
      ...(this.status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {}),
    };
  }
}

const BAD_REQUEST = 'Error.BadRequest';

/** 400 for a request as a whole, such as its body, which breaks the rule that `message` names. */
export function badRequest(message: string): ApiError {
  return new ApiError(400, BAD_REQUEST, message, 'Request');
}

/**
 * 400 for a parameter that breaks the rule that `message` names.
 * @param target as the service spells it: parameters of the URL as they are, members of a body with a capital
 */
export function badParameter(message: string, target: string): ApiError {
  return new ApiError(400, BAD_REQUEST, message, target, 'problem');
}

/** 400 for a parameter whose value is none of those that it can have. */
export function badValue(value: string, target: string): ApiError {
  return new ApiError(400, BAD_REQUEST, `The value '${value}' is not valid.`, target, 'unreadable');
}

/** What the service says of every bad group name. */
export const INVALID_GROUP =
  'Invalid group name. Valid group name should be in between 1 and 1024 characters long.';

/** What the service says of every bad hub name. */
export const INVALID_HUB =
  'Invalid hub name. Valid hub name should be in between 1 and 128 characters long. The first character must be a ' +
  'letter, other characters can be letters, digits or the following symbols _`,.[]';

type Kind = 'Connection' | 'User' | 'Group';

/**
 * 404 for something that is not there, in the words of the service.
 * @param severity the service grades the error code by operation, from `Info` to `Error`
 */
export function notExisted(severity: 'Info' | 'Warning' | 'Error', kind: Kind, name: string): ApiError {
  return new ApiError(404, `${severity}.${kind}.NotExisted`, `${kind} \`${name}\` is not found.`, kind);
}
