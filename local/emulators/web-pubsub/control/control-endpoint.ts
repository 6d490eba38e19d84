import type { IncomingMessage } from 'node:http';
import type { VirtualClock } from '../../common/clock.ts';
import { isRecord, requireJson } from '../../common/json.ts';
import { isSameSecret } from '../../common/secret.ts';
import type { WebPubSubFaultEngine } from '../faults/fault-plan.ts';
import { ApiError } from '../http/api-error.ts';
import { bodyOf, type HttpResult } from '../http/request.ts';
import type { Target } from '../hub/commands.ts';
import type { ConnectionSummary } from '../hub/connection.ts';
import { hubKey } from '../hub/names.ts';
import type { Meter } from '../meter/hub-meter.ts';
import type { HubRuntime } from '../transport/hub-runtime.ts';

const BODY_LIMIT = 64 * 1024;
const PREFIX = '/control/';
/** The clock is put forward by no more than this at once. */
const LONGEST_ADVANCE_MS = 30 * 24 * 60 * 60_000;

/** Whether the path belongs to the control surface. */
export function isControlPath(path: string): boolean {
  return path.startsWith(PREFIX);
}

interface ControlOptions {
  /** Absent or empty: the surface does not exist. */
  readonly token: string | undefined;
  readonly runtimes: () => Iterable<HubRuntime>;
  readonly clock: VirtualClock;
  readonly faults: WebPubSubFaultEngine;
  readonly meter: Meter;
}

/**
 * What a test does to the emulator that no client of Azure can: looks at connections and groups, cuts connections,
 * renews the service beneath its clients, lets things go wrong by a plan, puts the clock forward, and reads the meter.
 * README.md lists the requests.
 */
export class ControlEndpoint {
  readonly #options: ControlOptions;

  constructor(options: ControlOptions) {
    this.#options = options;
  }

  /** @throws ApiError 404 without the token, whatever the path; 400 for a request that cannot be read */
  async handle(request: IncomingMessage, url: URL): Promise<HttpResult> {
    if (!this.#isAllowed(request)) throw notFound();
    const { clock, faults, meter } = this.#options;
    switch (`${request.method} ${url.pathname.slice(PREFIX.length)}`) {
      case 'GET connections':
        return { status: 200, body: this.#connections(selectionOf(url)) };
      case 'GET groups':
        return { status: 200, body: this.#groups(selectionOf(url)) };
      case 'POST drop':
        return this.#toSelected('drop', readSelection(await readObject(request)));
      case 'POST service-reload':
        return this.#toSelected('reload', readSelection(await readObject(request)));
      case 'GET faults':
        return { status: 200, body: faults.report() };
      case 'PUT faults':
        replacePlan(faults, await readObject(request));
        return { status: 200, body: faults.report() };
      case 'DELETE faults':
        faults.replace({});
        return { status: 204 };
      case 'GET clock':
        return { status: 200, body: timeOf(clock) };
      case 'POST clock':
        clock.advance(readAdvance(await readObject(request)));
        return { status: 200, body: timeOf(clock) };
      case 'GET meter':
        return { status: 200, body: meter.report() };
      case 'DELETE meter':
        meter.reset();
        return { status: 204 };
      default:
        throw notFound();
    }
  }

  #connections({ hub, target }: Selection): ConnectionSummary[] {
    return this.#selected(hub).flatMap((runtime) => runtime.hub.connections(target));
  }

  #groups(selection: Selection): { hub: string; group: string; connections: string[] }[] {
    const groups = new Map<string, { hub: string; group: string; connections: string[] }>();
    for (const { hub, connectionId, groups: joined } of this.#connections(selection)) {
      for (const group of joined) {
        // A hub name has no space in it.
        const key = `${hub} ${group}`;
        const entry = groups.get(key) ?? { hub, group, connections: [] };
        entry.connections.push(connectionId);
        groups.set(key, entry);
      }
    }
    return [...groups.values()];
  }

  #toSelected(type: 'drop' | 'reload', { hub, target }: Selection): HttpResult {
    let connections = 0;
    for (const runtime of this.#selected(hub)) {
      connections += runtime.hub.count(target);
      runtime.apply({ type, target });
    }
    return { status: 200, body: { connections } };
  }

  #selected(hub: string | undefined): HubRuntime[] {
    return [...this.#options.runtimes()].filter((runtime) => hub === undefined || runtime.hub.name === hub);
  }

  #isAllowed({ headers }: IncomingMessage): boolean {
    const { token } = this.#options;
    if (token === undefined || token === '') return false;
    return isSameSecret(headers.authorization ?? '', `Bearer ${token}`);
  }
}

function selectionOf(url: URL): Selection {
  return readSelection(Object.fromEntries(url.searchParams));
}

/** A request without a body is one with an empty object. */
async function readObject(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const text = (await bodyOf(request, BODY_LIMIT)).toString('utf8');
  if (text === '') return {};
  const body = requireJson(text, (place) => invalid(`The body is not JSON: it breaks off at ${place}.`));
  if (isRecord(body)) return body;
  throw invalid('The body is no JSON object.');
}

function replacePlan(faults: WebPubSubFaultEngine, plan: unknown): void {
  try {
    faults.replace(plan);
  } catch (error) {
    if (error instanceof RangeError) throw invalid(`The plan cannot be taken: ${error.message}`);
    throw error;
  }
}

function readAdvance({ advanceMs, ...others }: Readonly<Record<string, unknown>>): number {
  const isTime = typeof advanceMs === 'number' && advanceMs >= 0 && advanceMs <= LONGEST_ADVANCE_MS;
  if (isTime && Object.keys(others).length === 0) return advanceMs;
  throw invalid(`The body must be {"advanceMs": a number from 0 to ${LONGEST_ADVANCE_MS}}.`);
}

function timeOf(clock: VirtualClock): { readonly now: string; readonly aheadMs: number } {
  return { now: new Date(clock.now()).toISOString(), aheadMs: clock.aheadMs };
}

function invalid(message: string): ApiError {
  return new ApiError(400, 'BadRequest', message);
}

function notFound(): ApiError {
  return new ApiError(404, 'NotFound', 'There is nothing here.');
}

/** Members of a request that says which connections are meant. */
const MEMBERS = ['hub', 'connectionId', 'userId', 'group'] as const;

/** Connections of one hub, or of all. */
interface Selection {
  readonly hub?: string;
  readonly target: Target;
}

/**
 * Reads which connections a request is about: `hub`, and one of `connectionId`, `userId` and `group`, each optional.
 * @throws ApiError 400 naming the rule that is broken
 */
function readSelection(members: Readonly<Record<string, unknown>>): Selection {
  const given: Partial<Record<(typeof MEMBERS)[number], string>> = {};
  for (const [name, value] of Object.entries(members)) {
    const known = MEMBERS.find((member) => member === name);
    if (known === undefined) throw unselected(`'${name}' is none of ${MEMBERS.join(', ')}`);
    if (typeof value !== 'string') throw unselected(`'${name}' must be a string`);
    given[known] = value;
  }
  const { hub, connectionId, userId, group } = given;
  if ([connectionId, userId, group].filter((each) => each !== undefined).length > 1)
    throw unselected('a selection has one of connectionId, userId and group');
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

function unselected(rule: string): ApiError {
  return invalid(`The request selects no connections: ${rule}.`);
}
