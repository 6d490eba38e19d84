import type { IncomingMessage, ServerResponse } from 'node:http';
import { answer } from '../../common/answer.ts';
import { noteRefusal } from '../../common/request-log.ts';
import type { LogSink } from '../base/log.ts';
import { type ControlEndpoint, isControlPath } from '../control/control-endpoint.ts';
import { ApiError, badParameter, badRequest, INVALID_HUB } from '../http/api-error.ts';
import { Query } from '../http/query.ts';
import { type HttpResult, schemeOf, tokenOfHeader } from '../http/request.ts';
import { hubKey, isHubName } from '../hub/names.ts';
import { isClientPath } from '../transport/admission.ts';
import type { HubRuntime } from '../transport/hub-runtime.ts';
import { type IdentityIssuer, isIdentityPath } from '../upstream/identity-issuer.ts';
import type { RestOptions } from './call.ts';
import { REST_OPERATIONS } from './operations.ts';
import { PathPattern, segmentsOf } from './path-pattern.ts';
import type { RestFaults } from './rest-faults.ts';

/** The versions of the data plane; they differ in operations that were added, not in what one of them does. */
const API_VERSIONS = ['2021-10-01', '2022-11-01', '2023-07-01', '2024-01-01', '2024-12-01'];

/** The header in which the service tells its versions; recorded answers have it, but for health. */
const SUPPORTED_VERSIONS = 'api-supported-versions';
const HEALTH = new PathPattern('/api/health');

interface RestEndpointOptions extends RestOptions {
  readonly log: LogSink;
  readonly control: ControlEndpoint;
  readonly identity: IdentityIssuer;
  readonly faults: RestFaults;
  runtime(hub: string): HubRuntime;
}

/** The REST data plane over HTTP: finds the operation, checks the token, answers in the service's error model. */
export class RestEndpoint {
  readonly #options: RestEndpointOptions;

  constructor(options: RestEndpointOptions) {
    this.#options = options;
  }

  /** Answers one request. Never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const { status, body } = await this.#result(request, response);
      answer(response, status, body);
    } catch (error) {
      const known = error instanceof ApiError;
      if (!known) this.#options.log({ level: 'warn', message: `A REST request failed: ${String(error)}` });
      const refusal = known ? error : new ApiError(500, 'InternalServerError', 'The request failed.');
      // What was not read of a refused request's body would be taken for the next request.
      if (!request.complete) response.setHeader('Connection', 'close');
      // The service does not name its versions where it refuses a parameter before the operation runs.
      if (refusal.form !== 'detail') response.removeHeader(SUPPORTED_VERSIONS);
      noteRefusal(response, refusal.code, refusal.message);
      const body = refusal.body();
      response.writeHead(refusal.status, { ...refusal.headers(), 'Content-Length': Buffer.byteLength(body) });
      response.end(request.method === 'HEAD' ? undefined : body);
    }
  }

  async #result(request: IncomingMessage, response: ServerResponse): Promise<HttpResult> {
    const method = request.method ?? '';
    const url = urlOf(request);
    const segments = segmentsOf(url.pathname) ?? [];
    if (HEALTH.match(segments) !== undefined) {
      if (method !== 'HEAD' && method !== 'GET') throw wrongMethod(['HEAD', 'GET'], request, response);
      return { status: 200 };
    }
    if (isControlPath(url.pathname)) return await this.#options.control.handle(request, url);
    if (isIdentityPath(url.pathname)) {
      if (method !== 'GET') throw wrongMethod(['GET'], request, response);
      return { status: 200, body: await this.#options.identity.document(url.pathname) };
    }
    if (isClientPath(url.pathname)) throw badRequest('Clients connect to this address with a WebSocket.');
    const samePath = REST_OPERATIONS.flatMap((operation) => {
      const parameters = operation.path.match(segments);
      return parameters === undefined ? [] : [{ operation, parameters }];
    });
    if (samePath.length === 0) throw new ApiError(404, 'NotFound', `There is nothing at '${url.pathname}'.`);
    response.setHeader(SUPPORTED_VERSIONS, API_VERSIONS.join(', '));
    const found = samePath.find(({ operation }) => operation.method === method);
    if (found === undefined)
      throw wrongMethod(
        samePath.map(({ operation }) => operation.method),
        request,
        response,
      );
    await this.#authenticate(request);
    const query = new Query(url.searchParams);
    checkApiVersion(query);
    const { parameters, operation } = found;
    const hub = parameters['hub'] ?? '';
    if (!isHubName(hub)) throw badParameter(INVALID_HUB, 'hub');
    const runtime = this.#options.runtime(hubKey(hub));
    await this.#options.faults.before(runtime.hub.name, operation.id);
    return await operation.run({ request, url, query, parameters, runtime, options: this.#options });
  }

  async #authenticate(request: IncomingMessage): Promise<void> {
    const token = tokenOfHeader(request);
    if (token === undefined)
      throw new ApiError(401, 'Unauthorized', "The header 'Authorization: Bearer' is missing.");
    // The URL as it was sent: writing it again could change its percent-encoding.
    const asSent = `${schemeOf(request)}://${request.headers.host ?? ''}${request.url ?? ''}`;
    const problem = await this.#options.tokens.verifyRest(token, asSent);
    if (problem !== undefined)
      throw new ApiError(401, 'Unauthorized', `The token is not valid: ${problem.rule}.`);
  }
}

/** An absent version stands for the latest one, as in Microsoft's emulator. @throws ApiError 400 */
function checkApiVersion(query: Query): void {
  const versions = query.all('api-version');
  const [version] = versions;
  if (version === undefined || (versions.length === 1 && API_VERSIONS.includes(version))) return;
  throw badParameter(`Invalid api-version. It must be one of ${API_VERSIONS.join(', ')}.`, 'api-version');
}

/** 405, whose answer names the methods that there are (RFC 9110, section 15.5.6). */
function wrongMethod(
  allowed: readonly string[],
  { method = '', url = '' }: IncomingMessage,
  response: ServerResponse,
): ApiError {
  response.setHeader('Allow', allowed.join(', '));
  return new ApiError(405, 'MethodNotAllowed', `'${url.split('?', 1)[0]}' has no method ${method}.`);
}

function urlOf(request: IncomingMessage): URL {
  try {
    return new URL(request.url ?? '/', `${schemeOf(request)}://${request.headers.host ?? ''}`);
  } catch {
    throw badRequest('The request URL or its Host header cannot be read.');
  }
}
