import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Topic } from '../../event-grid/topic.ts';
import type { ControlApi } from '../control/control-api.ts';
import { KEYS_PATH, OPENID_CONFIGURATION_PATH, type TokenIssuer } from '../events/tokens.ts';
import { refusalReply, sendReply } from '../http/refusal.ts';
import type { LivePhones } from '../live/live-phones.ts';
import type { RestApi } from '../rest/rest-api.ts';

/** Where a handshake of Event Grid can be confirmed by hand; `?id=` says which. */
export const VALIDATION_PATH = '/event-grid/validate';
/** Where people expect to publish an incoming call; the same as `POST /control/calls`. */
const INCOMING_CALL_PATH = '/eventgrid/incomingCall';

/** The socket of a live telephone. */
const PHONE_PATH = '/control/phone';

interface Surfaces {
  readonly rest: RestApi;
  readonly control: ControlApi;
  readonly livePhones: LivePhones;
  readonly tokens: TokenIssuer;
  readonly topic: Topic | undefined;
  readonly log: (line: string) => void;
}

/** Hands each request to the surface that its path belongs to; whatever no other one claims is for the REST API. */
export function answerRequests(server: Server, surfaces: Surfaces): void {
  server.on('request', (request, response) => {
    void route(request, response, surfaces).catch((error: unknown) => {
      if (request.destroyed && !request.complete) return;
      surfaces.log(`a request failed: ${error instanceof Error ? error.message : String(error)}`);
      sendReply(response, refusalReply({ status: 500, code: 'InternalError', message: 'Internal error.' }));
    });
  });
  server.on('upgrade', (request, connection, head) => {
    const [path] = (request.url ?? '/').split('?', 1);
    const isAllowed = path === PHONE_PATH && surfaces.control.allows(request);
    const refused = isAllowed ? surfaces.livePhones.accept(request, connection, head) : 404;
    if (refused === undefined) return;
    connection.on('error', () => {});
    // A client that never closes its side must not keep the server open.
    connection.once('finish', () => connection.destroy());
    connection.end(
      `HTTP/1.1 ${refused} ${STATUS_CODES[refused]}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`,
    );
  });
}

async function route(
  request: IncomingMessage,
  response: ServerResponse,
  { rest, control, tokens, topic }: Surfaces,
): Promise<void> {
  const [path = '', query = ''] = (request.url ?? '/').split('?', 2);
  if (path.startsWith('/control/')) return control.handle(request, response, path);
  switch (path) {
    case INCOMING_CALL_PATH:
      return control.handle(request, response, '/control/incoming-call');
    case OPENID_CONFIGURATION_PATH:
      return sendReply(response, { status: 200, json: tokens.openIdConfiguration() });
    case KEYS_PATH:
      return sendReply(response, { status: 200, json: tokens.keys() });
    case VALIDATION_PATH: {
      const confirmed = topic?.confirm(new URLSearchParams(query).get('id') ?? '') === true;
      return sendReply(response, { status: confirmed ? 200 : 404 });
    }
    default:
      return rest.handle(request, response);
  }
}
