import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ApiError } from '../http/api-error.ts';
import type { Target } from '../hub/commands.ts';
import { hubKey } from '../hub/names.ts';
import type { RestResult } from '../rest/call.ts';
import { readBody } from '../rest/message-body.ts';
import type { HubRuntime } from '../transport/hub-runtime.ts';

const BODY_LIMIT = 4_096;
const PREFIX = '/control/';
/** Members of a request that says which connections are meant. */
const SELECTION = ['hub', 'connectionId', 'userId', 'group'] as const;

/** Whether the path belongs to the control surface. */
export function isControlPath(path: string): boolean {
  return path.startsWith(PREFIX);
}

export interface ControlOptions {
  /** Absent or empty: the surface does not exist. */
  readonly token: string | undefined;
  readonly runtimes: () => Iterable<HubRuntime>;
}

/**
 * What a test does to the stand-in that no client of Azure can: `GET /control/connections`, `POST /control/drop` (the TCP
 * connections of the selected clients are cut; a reliable client can recover) and `POST /control/service-reload` (the
 * service is renewed beneath them: their sockets are closed and their sessions forgotten). A request selects by a JSON body
 * of `hub`, `connectionId`, `userId` and `group`, each optional; the answer says how many connections it met.
 */
export class ControlEndpoint {
  readonly #options: ControlOptions;

  constructor(options: ControlOptions) {
    this.#options = options;
  }

  /** @throws ApiError 404 without the token, whatever the path; 400 for a body that selects nothing it can */
  async handle(request: IncomingMessage, path: string): Promise<RestResult> {
    if (!this.#isAllowed(request)) throw notFound();
    switch (`${request.method} ${path.slice(PREFIX.length)}`) {
      case 'GET connections':
        return { status: 200, body: [...this.#options.runtimes()].flatMap(({ hub }) => hub.connections()) };
      case 'POST drop':
        return this.#toSelected('drop', await readSelection(request));
      case 'POST service-reload':
        return this.#toSelected('reload', await readSelection(request));
      default:
        throw notFound();
    }
  }

  #toSelected(type: 'drop' | 'reload', { hub, target }: Selection): RestResult {
    let connections = 0;
    for (const runtime of this.#options.runtimes()) {
      if (hub !== undefined && runtime.hub.name !== hub) continue;
      connections += runtime.hub.count(target);
      runtime.apply({ type, target });
    }
    return { status: 200, body: { connections } };
  }

  #isAllowed({ headers }: IncomingMessage): boolean {
    const { token } = this.#options;
    if (token === undefined || token === '') return false;
    return timingSafeEqual(digest(headers.authorization ?? ''), digest(`Bearer ${token}`));
  }
}

interface Selection {
  readonly hub?: string;
  readonly target: Target;
}

async function readSelection(request: IncomingMessage): Promise<Selection> {
  const text = (await readBody(request, BODY_LIMIT)).toString('utf8');
  let body: unknown;
  try {
    body = text === '' ? {} : JSON.parse(text);
  } catch {
    throw invalid('the body is not JSON');
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw invalid('the body is no JSON object');
  const given: Partial<Record<(typeof SELECTION)[number], string>> = {};
  for (const [name, value] of Object.entries(body)) {
    const known = SELECTION.find((member) => member === name);
    if (known === undefined) throw invalid(`'${name}' is none of ${SELECTION.join(', ')}`);
    if (typeof value !== 'string') throw invalid(`'${name}' must be a string`);
    given[known] = value;
  }
  const { hub, connectionId, userId, group } = given;
  if ([connectionId, userId, group].filter((each) => each !== undefined).length > 1) {
    throw invalid('a selection has one of connectionId, userId and group');
  }
  return {
    ...(hub === undefined ? {} : { hub: hubKey(hub) }),
    target: targetOf(connectionId, userId, group),
  };
}

function targetOf(
  connectionId: string | undefined,
  userId: string | undefined,
  group: string | undefined,
): Target {
  if (connectionId !== undefined) return { to: 'connection', connectionId };
  if (userId !== undefined) return { to: 'user', userId };
  return group === undefined ? { to: 'all' } : { to: 'group', group };
}

function invalid(rule: string): ApiError {
  return new ApiError(400, 'BadRequest', `The request selects no connections: ${rule}.`);
}

function notFound(): ApiError {
  return new ApiError(404, 'NotFound', 'There is nothing here.');
}

/** Digests have one length, so that comparing them tells nothing of the token's. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
