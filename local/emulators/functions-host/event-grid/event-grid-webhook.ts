import type { IncomingMessage, ServerResponse } from 'node:http';
import { answer, answerAndClose } from '../../common/answer.ts';
import { readBody } from '../../common/read-body.ts';
import type { RpcTypedData } from '../app/core-types.ts';
import { isRecord } from '../app/json.ts';
import type { EventGridFunction } from '../functions/function-index.ts';
import { type InvocationInput, type Invoker, systemMetadata } from '../functions/invoker.ts';
import { type KeyCheck, keyOf } from '../functions/keys.ts';
import { singleHeader } from '../http/rpc-http.ts';

/** Event Grid sends at most 1 MB at a time. */
const DELIVERY_LIMIT_BYTES = 1_572_864;

const SYSTEM_KEY = 'eventgrid_extension';

/** Origins of Event Grid's CloudEvents handshake, one for each cloud; the first is the default. */
const ORIGINS = ['eventgrid.azure.net', 'eventgrid.azure.us', 'eventgrid.azure.cn'];

/**
 * The webhook of Event Grid triggers, `/runtime/webhooks/eventgrid?functionName=<name>&code=<key>`:
 * subscription handshakes, which no function sees, and deliveries.
 */
export class EventGridWebhook {
  readonly #functions: ReadonlyMap<string, EventGridFunction>;
  readonly #invoker: Invoker;
  readonly #keys: KeyCheck;

  constructor(functions: readonly EventGridFunction[], invoker: Invoker, keys: KeyCheck) {
    this.#functions = new Map(
      functions.filter((target) => !target.isDisabled).map((target) => [target.name, target]),
    );
    this.#invoker = invoker;
    this.#keys = keys;
  }

  async serve(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    if (!this.#keys.opensSystem(SYSTEM_KEY, keyOf(request, url.searchParams))) return answer(response, 401);
    const name = url.searchParams.get('functionName') ?? '';
    const target = this.#functions.get(name);
    if (target === undefined) return answer(response, 404, `cannot find function: '${name}'`);
    if (request.method === 'OPTIONS') {
      const asked = singleHeader(request, 'webhook-request-origin');
      const origin = ORIGINS.find((known) => known === asked?.toLowerCase()) ?? ORIGINS[0];
      response.setHeader('WebHook-Allowed-Origin', String(origin));
      return answer(response, 200);
    }
    const body = await readBody(request, DELIVERY_LIMIT_BYTES);
    if (body === undefined) return answerAndClose(response, 413);
    switch (singleHeader(request, 'aeg-event-type')?.toLowerCase()) {
      case 'subscriptionvalidation':
        return answerValidation(response, body);
      case 'notification':
        return this.#deliver(request, response, target, body);
      case 'unsubscribe':
        return answer(response, 202);
      default:
        return answer(response, 400);
    }
  }

  /** All events of a delivery run at the same time, and one that fails makes Event Grid send all of them again. */
  async #deliver(
    request: IncomingMessage,
    response: ServerResponse,
    target: EventGridFunction,
    body: Buffer,
  ): Promise<void> {
    const events = parseEvents(body);
    if (events === undefined) return answer(response, 400, 'the body is no JSON object or array of objects');
    const trace = {
      traceparent: singleHeader(request, 'traceparent'),
      tracestate: singleHeader(request, 'tracestate'),
    };
    const inputs = target.isMany
      ? [manyInput(target.name, events)]
      : events.map((event) => singleInput(target.name, event));
    const outcomes = await Promise.allSettled(
      inputs.map((input) => this.#invoker.invoke(target, { ...input, ...trace })),
    );
    if (outcomes.every((outcome) => outcome.status === 'fulfilled')) return answer(response, 202);
    answer(response, 500, `Exception while executing function: Functions.${target.name}`);
  }
}

function answerValidation(response: ServerResponse, body: Buffer): void {
  const data = parseEvents(body)?.[0]?.['data'];
  const code = isRecord(data) ? data['validationCode'] : undefined;
  if (typeof code === 'string') answer(response, 200, { validationResponse: code });
  else answer(response, 400, 'the validation event has no data.validationCode');
}

function parseEvents(body: Buffer): Record<string, unknown>[] | undefined {
  let content: unknown;
  try {
    content = JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
  const events = Array.isArray(content) ? content : [content];
  return events.every(isRecord) ? events : undefined;
}

/** The event as text, and as metadata its `data` and every property at its top that is no array. */
export function singleInput(name: string, event: Record<string, unknown>): InvocationInput {
  const properties = Object.entries(event)
    .filter(([key, value]) => value !== null && (key === 'data' || !Array.isArray(value)))
    .map(([key, value]): [string, RpcTypedData] => [
      key,
      typeof value === 'string' ? { string: value } : { json: JSON.stringify(value) },
    ]);
  return {
    data: { string: JSON.stringify(event, null, 2) },
    triggerMetadata: { ...systemMetadata(name), ...Object.fromEntries(properties) },
  };
}

function manyInput(name: string, events: readonly Record<string, unknown>[]): InvocationInput {
  return {
    data: { collectionString: { string: events.map((event) => JSON.stringify(event, null, 2)) } },
    triggerMetadata: systemMetadata(name),
  };
}
