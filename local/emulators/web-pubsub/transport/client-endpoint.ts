import { randomBytes } from 'node:crypto';
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { type PrintLine, requestLine } from '../../common/request-log.ts';
import { CloseCode } from '../base/close-codes.ts';
import type { Limits } from '../base/limits.ts';
import type { LogSink } from '../base/log.ts';
import type { CodecRegistry } from '../client-protocol/registry.ts';
import type { WebPubSubFaultEngine } from '../faults/fault-plan.ts';
import { ApiError, badRequest, INVALID_GROUP } from '../http/api-error.ts';
import type { ClientCodec } from '../hub/client-codec.ts';
import type { AdmittedClient } from '../hub/commands.ts';
import { isGroupName } from '../hub/names.ts';
import { type AccessTokens, type ClientClaims, TokenProblem } from '../tokens/access-tokens.ts';
import type { ConnectDecision } from '../upstream/handler-reply.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { type ClientRequestLine, checkSimpleMode, chooseCodec, readClientRequest } from './admission.ts';
import { connectEvent } from './connect-event.ts';
import type { HubRuntime } from './hub-runtime.ts';

interface ClientEndpointOptions {
  readonly codecs: CodecRegistry;
  readonly tokens: AccessTokens;
  readonly upstream: Upstream;
  readonly limits: Limits;
  readonly log: LogSink;
  readonly requestLog: PrintLine | undefined;
  readonly faults: WebPubSubFaultEngine;
  runtime(hub: string): HubRuntime;
  /** How many connections the service has, over all hubs. */
  connectionCount(): number;
}

/** Connection ids are as unguessable as the service's own: 16 random bytes. */
const CONNECTION_ID_BYTES = 16;

/**
 * Where clients connect. Everything that can be wrong is found before the upgrade and answered with an HTTP status;
 * only a recovery that is not possible is accepted and then closed with 1008, which is how a client learns that it
 * needs a new connection.
 */
export class ClientEndpoint {
  readonly #options: ClientEndpointOptions;
  readonly #server: WebSocketServer;
  /** The subprotocol to be echoed to each request, in the client's own spelling. */
  readonly #selected = new WeakMap<IncomingMessage, string>();
  #closed = false;

  constructor(options: ClientEndpointOptions) {
    this.#options = options;
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: options.limits.clientMessageBytes,
      // Audio does not shrink, and compressing costs time.
      perMessageDeflate: false,
      handleProtocols: (_offered, request) => this.#selected.get(request) ?? false,
    });
  }

  /** Handles one upgrade request to its end. Never rejects. */
  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    // A client may go away while its token is checked, its connect event is under way or its refusal is written.
    socket.on('error', () => {});
    const { requestLog } = this.#options;
    const startedMs = performance.now();
    const print = (status: number, reason?: string): void =>
      requestLog?.(requestLine(request, status, performance.now() - startedMs, reason));
    try {
      const line = readClientRequest(request);
      if (line.recovery === undefined) await this.#admit(line, request, socket, head);
      else await this.#recover(line, line.recovery, request, socket, head);
      print(101);
    } catch (error) {
      const refusal =
        error instanceof ApiError
          ? error
          : new ApiError(500, 'InternalServerError', 'The connection failed.');
      if (!(error instanceof ApiError)) this.#options.log({ level: 'warn', message: String(error) });
      print(refusal.status, `${refusal.code}: ${refusal.message}`);
      refuse(socket, refusal);
    }
  }

  /** From now on every client is refused with 503. */
  close(): void {
    this.#closed = true;
  }

  async #admit(
    line: ClientRequestLine,
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
  ): Promise<void> {
    const claims = await this.#claims(line);
    if (!claims.groups.every(isGroupName)) throw badRequest(INVALID_GROUP);
    checkSimpleMode(this.#options.codecs, line);
    this.#checkRoom();
    const connectionId = randomBytes(CONNECTION_ID_BYTES).toString('base64url');
    const event = connectEvent(connectionId, line, claims, request);
    const decision = await this.#options.upstream.connect(event);
    if (!decision.accepted) throw new ApiError(decision.status, 'ConnectRefused', decision.message);
    const { client, codec } = this.#admitted(connectionId, line, claims, decision);
    const reconnectionToken = codec.reliable
      ? await this.#options.tokens.issueReconnection(connectionId)
      : undefined;
    // Others may have come while the connect handler was asked.
    this.#checkRoom();
    const runtime = this.#options.runtime(line.hub);
    this.#accept(request, socket, head, echoOf(line, codec), (ws) => {
      const transportId = runtime.attach(ws);
      runtime.apply({
        type: 'open',
        transportId,
        client,
        ...(reconnectionToken === undefined ? {} : { reconnectionToken }),
      });
    });
  }

  /** @throws ApiError 429; the service documents the reason, `ConnectionCountLimitReached`, but no status */
  #checkRoom(): void {
    const { connections } = this.#options.limits;
    if (this.#options.connectionCount() < connections) return;
    const rule = `The service has ${connections} connections, as many as its tier allows.`;
    throw new ApiError(429, 'ConnectionCountLimitReached', rule);
  }

  #admitted(
    connectionId: string,
    line: ClientRequestLine,
    claims: ClientClaims,
    decision: Extract<ConnectDecision, { accepted: true }>,
  ): { client: AdmittedClient; codec: ClientCodec } {
    const groups = decision.groups ?? claims.groups;
    if (!groups.every(isGroupName))
      throw new ApiError(500, 'ConnectRefused', 'The connect handler answered with an invalid group name.');
    const codec = chooseCodec(this.#options.codecs, line, decision.subprotocol);
    const userId = decision.userId ?? claims.userId;
    const { connectionState } = decision;
    const client = {
      connectionId,
      groups,
      roles: decision.roles ?? claims.roles,
      codec,
      originHost: line.originHost,
      ...(userId === undefined ? {} : { userId }),
      ...(connectionState === undefined ? {} : { connectionState }),
    };
    return { client, codec };
  }

  /** The access token of the URL may have expired by now: the reconnection token alone decides. */
  async #recover(
    line: ClientRequestLine,
    recovery: { readonly connectionId: string; readonly reconnectionToken: string },
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
  ): Promise<void> {
    const { connectionId } = recovery;
    const { tokens, faults } = this.#options;
    const valid = await tokens.verifyReconnection(recovery.reconnectionToken, connectionId);
    // Only a token that this service gave may bring a hub into being.
    const runtime = valid ? this.#options.runtime(line.hub) : undefined;
    const codec = runtime?.hub.codecOf(connectionId);
    const recoverable = runtime?.hub.canRecover(connectionId) === true && !isRefused(faults, line.hub);
    if (runtime === undefined || codec === undefined || !recoverable) {
      this.#accept(request, socket, head, line.offered[0], (ws) => {
        ws.on('error', () => {});
        ws.close(CloseCode.policyViolation, 'the connection cannot be recovered');
      });
      return;
    }
    const reconnectionToken = await tokens.issueReconnection(connectionId);
    this.#accept(request, socket, head, echoOf(line, codec), (ws) => {
      const transportId = runtime.attach(ws);
      runtime.apply({ type: 'recover', transportId, connectionId, reconnectionToken });
    });
  }

  async #claims(line: ClientRequestLine): Promise<ClientClaims> {
    if (line.token === undefined) throw new ApiError(401, 'Unauthorized', 'The access token is missing.');
    const claims = await this.#options.tokens.verifyClient(line.token, line.audiences);
    if (claims instanceof TokenProblem)
      throw new ApiError(401, 'Unauthorized', `The access token is not valid: ${claims.rule}.`);
    return claims;
  }

  #accept(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    subprotocol: string | undefined,
    use: (ws: WebSocket) => void,
  ): void {
    if (socket.destroyed) return;
    if (this.#closed) throw new ApiError(503, 'ServiceUnavailable', 'The service is stopping.');
    if (subprotocol !== undefined) this.#selected.set(request, subprotocol);
    this.#server.handleUpgrade(request, socket, head, use);
  }
}

/** The subprotocol as the client spelled it, since clients compare it letter by letter; none for simple clients. */
function echoOf(line: ClientRequestLine, { subprotocol }: ClientCodec): string | undefined {
  if (subprotocol === '') return undefined;
  return line.offered.find((name) => name.toLowerCase() === subprotocol.toLowerCase()) ?? subprotocol;
}

/** Whether the plan of faults refuses the recovery of a client that could be recovered. */
function isRefused(faults: WebPubSubFaultEngine, hub: string): boolean {
  if (!faults.has('recovery')) return false;
  return faults.draw('recovery', { hub, name: 'recovery' }, faults.shared(`recovery/${hub}`)).length > 0;
}

function refuse(socket: Duplex, error: ApiError): void {
  if (socket.destroyed) return;
  // A connect handler may refuse with a status whose answers have no body (RFC 9110, section 6.4.1).
  const body = error.status === 304 ? '' : error.body();
  const headers = {
    Connection: 'close',
    ...(body === '' ? {} : { ...error.headers(), 'Content-Length': String(Buffer.byteLength(body)) }),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const status = `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? 'Refused'}\r\n`;
  // A client that never closes its side must not keep the server open.
  socket.once('finish', () => socket.destroy());
  socket.end(`${status}${lines.join('')}\r\n${body}`);
}
