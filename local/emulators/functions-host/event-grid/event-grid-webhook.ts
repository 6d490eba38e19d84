import type { IncomingMessage, ServerResponse } from 'node:http';
import { answer, answerAndClose } from '../../common/answer.ts';
import { isRecord, jsonOf } from '../../common/json.ts';
import { readBody } from '../../common/read-body.ts';
import type { RpcTypedData } from '../app/core-types.ts';
import type { EventGridFunction } from '../functions/function-index.ts';
import { type InvocationInput, type Invoker, systemMetadata } from '../functions/invoker.ts';
import { singleHeader } from '../http/rpc-http.ts';

/** Event Grid sends at most 1 MB at a time. */
const DELIVERY_LIMIT_BYTES = 1_572_864;

/** Origins of Event Grid's CloudEvents handshake, one for each cloud; the first is the default. */
const ORIGINS = ['eventgrid.azure.net', 'eventgrid.azure.us', 'eventgrid.azure.cn'];

/**
 * The webhook of Event Grid triggers, `/runtime/webhooks/eventgrid?functionName=<name>&code=<key>`:
 * subscription handshakes, which no function sees, and deliveries.
 */
export class EventGridWebhook {
  readonly #functions: ReadonlyMap<string, EventGridFunction>;
  readonly #invoker: Invoker;

  constructor(functions: readonly EventGridFunction[], invoker: Invoker) {
    this.#functions = new Map(
      functions.filter((target) => !target.isDisabled).map((target) => [target.name, target]),
    );
    this.#invoker = invoker;
  }

  async serve(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const name = functionNameOf(url.searchParams);
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
    switch (request.headersDistinct['aeg-event-type']?.[0]?.toLowerCase()) {
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
    if (events === undefined) return answer(response, 500);
    const trace = {
      traceparent: singleHeader(request, 'traceparent'),
      tracestate: singleHeader(request, 'tracestate'),
    };
    const inputs = target.isMany
      ? [manyInput(target.name, events)]
      : events.map((event) => singleInput(target.name, event));
    const reason = `EventGrid trigger fired at ${new Date().toISOString()}`;
    const outcomes = await Promise.allSettled(
      inputs.map((input) => this.#invoker.invoke(target, { ...input, ...trace, reason })),
    );
    if (outcomes.every((outcome) => outcome.status === 'fulfilled')) return answer(response, 202);
    answer(response, 500, `Exception while executing function: Functions.${target.name}`);
  }
}

/** Names of the query differ by more than case; what they name does not, here. */
function functionNameOf(query: URLSearchParams): string {
  return [...query]
    .filter(([name]) => name.toLowerCase() === 'functionname')
    .map(([, value]) => value)
    .join(',');
}

/** JSON that says it is text, and 500 for an event that has no code: the extension does no better. */
function answerValidation(response: ServerResponse, body: Buffer): void {
  const data = parseEvents(body)?.[0]?.['data'];
  // A validation in the CloudEvents schema holds its data as text.
  const content = typeof data === 'string' ? parseEvents(Buffer.from(data))?.[0] : data;
  const code = isRecord(content) ? content['validationCode'] : undefined;
  if (typeof code === 'string') answer(response, 200, JSON.stringify({ validationResponse: code }));
  else answer(response, 500);
}

function parseEvents(body: Buffer): Record<string, unknown>[] | undefined {
  const content = jsonOf(body.toString('utf8'));
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
