import type { Phone } from '../../../phone/phone.ts';
import {
  type IdentifierJson,
  type IncomingCallChanges,
  incomingCallEvent,
} from '../../event-grid/incoming-call.ts';
import type { Topic } from '../../event-grid/topic.ts';
import { Call } from '../call/call.ts';
import type { CallEnvironment } from '../call/call-environment.ts';
import { type CallIds, newCallIds } from '../call/ids.ts';
import { TOPIC } from '../event-grid/resource-topic.ts';
import { invalid } from '../http/fields.ts';
import { RefusedError, refusals } from '../http/refusal.ts';
import { IDENTIFIER_RULE, identifierOf } from '../telephones/identifiers.ts';
import type { Farewell } from '../telephones/phone-line.ts';
import type { CallRegistry, ScriptedPhone } from './call-registry.ts';

interface PhoneScript {
  readonly rawId: string;
  /** What is said, once, from the first frame on. */
  readonly speech?: { readonly samples: Int16Array; readonly sampleRateHz: number } | undefined;
  /** How long the person listens to silence after the last word before hanging up. */
  readonly tailMs: number;
  /** The person hangs up after so much time on the call at the latest. */
  readonly maxMs: number;
  readonly onHangUp: () => void;
}

type HangUp = (how?: Farewell) => void;

export type CreatePhone = (script: PhoneScript) => ScriptedPhone;

export interface PlaceCallRequest {
  /** Phone number or raw id of the caller. */
  readonly from: string;
  /** Phone number or raw id that is called. */
  readonly to: string;
  /** The caller's telephone: one that follows a script, or one that the caller of this function brings along. */
  readonly phone: Omit<PhoneScript, 'rawId' | 'onHangUp'> | ((rawId: string, hangUp: HangUp) => Phone);
  readonly sipHeaders?: Readonly<Record<string, string>> | undefined;
  readonly voipHeaders?: Readonly<Record<string, string>> | undefined;
  readonly callerDisplayName?: string | undefined;
  /** Phone number or raw id of the person that the called one answers for. */
  readonly onBehalfOf?: string | undefined;
  /** How many times Event Grid delivers the same IncomingCall. */
  readonly deliveries?: number;
  readonly event?: IncomingCallChanges | undefined;
  /** The call of the application that this one is a part of. */
  readonly conversation?: Pick<CallIds, 'serverCallId' | 'correlationId'> | undefined;
}

interface SwitchboardOptions {
  readonly calls: CallRegistry;
  readonly environment: CallEnvironment;
  readonly createPhone: CreatePhone;
  /** Without a topic the application would not hear of a call, so none can be placed. */
  readonly topic: Topic | undefined;
  readonly onChange: (call: Call) => void;
}

/** Phones that call the application. */
export class Switchboard {
  readonly #options: SwitchboardOptions;
  #placed = 0;

  constructor(options: SwitchboardOptions) {
    this.#options = options;
  }

  /**
   * Begins a call; it rings from now on.
   * @throws RefusedError 400 for an address that is none, 409 where no Event Grid endpoint is configured, 429 when too
   * many calls are going on
   */
  place(request: PlaceCallRequest): Call {
    const { calls, environment, topic, onChange } = this.#options;
    const from = identifierIn('from', request.from);
    const to = identifierIn('to', request.to);
    const onBehalfOf =
      request.onBehalfOf === undefined ? undefined : identifierIn('onBehalfOf', request.onBehalfOf);
    if (topic === undefined) {
      throw new RefusedError({
        status: 409,
        code: 'NoEventGridEndpoint',
        message: 'No call can be placed: no Event Grid endpoint is configured (EVENT_GRID_ENDPOINT).',
      });
    }
    const { phone, scripted } = this.#phone(request, from.rawId, (how) => {
      // Phones ask in the middle of a frame of the media clock, which is let finish first.
      queueMicrotask(() => call.hangUpByCaller(how));
    });
    const random = environment.random.branch(`call ${++this.#placed}`);
    const { conversation } = request;
    const ids = { ...newCallIds(random, environment.clock.now()), ...conversation };
    const parties = { from, to, phone, joins: conversation !== undefined };
    const call: Call = new Call(ids, parties, environment, onChange);
    if (!calls.add(call, scripted)) {
      call.close();
      throw new RefusedError(refusals.tooManyCalls());
    }
    environment.resource.learn(to);
    onChange(call);
    this.#announce(call, request, topic, random.uuid(), onBehalfOf);
    return call;
  }

  #phone(
    request: PlaceCallRequest,
    rawId: string,
    hangUp: HangUp,
  ): { phone: Phone; scripted: ScriptedPhone | undefined } {
    if (typeof request.phone === 'function') {
      return { phone: request.phone(rawId, hangUp), scripted: undefined };
    }
    const scripted = this.#options.createPhone({ ...request.phone, rawId, onHangUp: () => hangUp() });
    return { phone: scripted, scripted };
  }

  #announce(
    call: Call,
    request: PlaceCallRequest,
    topic: Topic,
    eventId: string,
    onBehalfOf: IdentifierJson | undefined,
  ): void {
    const { environment } = this.#options;
    const event = incomingCallEvent({
      eventId,
      topic: TOPIC,
      nowMs: environment.clock.now() + environment.faults.clockSkewMs,
      to: call.to,
      from: call.from,
      serverCallId: call.ids.serverCallId,
      callerDisplayName: request.callerDisplayName ?? '',
      sipHeaders: request.sipHeaders,
      voipHeaders: request.voipHeaders,
      onBehalfOfCallee: onBehalfOf,
      incomingCallContext: call.ids.incomingCallContext,
      correlationId: call.ids.correlationId,
      changes: request.event,
    });
    const { deliveries: copies = 1 } = request;
    const deliveries = Array.from({ length: copies }, () => call.recordEvent('IncomingCall'));
    void topic.publish(event, {
      copies,
      onAttempt: ({ result }, _subscription, copy) => {
        const delivery = deliveries[copy];
        if (delivery === undefined) return;
        delivery.attempts += 1;
        delivery.result = result;
      },
    });
  }
}

/** @throws RefusedError 400 */
export function identifierIn(field: string, text: string): IdentifierJson {
  const identifier = identifierOf(text);
  if (identifier !== undefined) return identifier;
  throw invalid(`The field ${field} must be ${IDENTIFIER_RULE}; it is ${text}.`);
}
