/**
 * A worker's requests about its call, over the HTTP API with the call's token.
 *
 * Web PubSub may deliver an event again. Each request has an Idempotency-Key made of the event and of the request's
 * number in it, so handling the same event again does nothing twice. The lane's memory counts the requests, which tells
 * two events apart that look alike.
 */
import { type CallsClient, createCallsClient } from '../../../shared/client/calls-client.ts';
import { type OwnCall, ownCall } from '../../../shared/client/own-call.ts';
import { WORKER_API } from '../../../shared/wire/names.ts';
import type { CallControlAccess } from '../../../shared/wire/signed/call-token.ts';

/** The call cannot be acted on from here. */
export class CallControlMissingError extends Error {
  override readonly name = 'CallControlMissingError';
}

interface CallRequestsEvent {
  readonly callId: string;
  /** The same text for the same event of the same lane. */
  readonly eventKey: () => string;
}

export class CallRequests {
  readonly #event: CallRequestsEvent;
  readonly #access: CallControlAccess | undefined;
  readonly #isControlApp: (url: string) => boolean;
  #made: number;
  #eventKey: string | undefined;
  #client: CallsClient | undefined;

  constructor(
    event: CallRequestsEvent,
    {
      control,
      asked = 0,
    }: { readonly control?: CallControlAccess | undefined; readonly asked?: number | undefined },
    isControlApp: (url: string) => boolean = () => true,
  ) {
    this.#isControlApp = isControlApp;
    this.#event = event;
    this.#access = control;
    this.#made = asked;
  }

  /** Requests made on this lane so far. */
  get made(): number {
    return this.#made;
  }

  /** The operations on the call. `signal` aborts requests under way. A request rejects with what `check` throws. */
  api(signal: AbortSignal, check: () => void): OwnCall {
    return ownCall(
      () => this.#connect(),
      this.#event.callId,
      () => {
        check();
        return { signal, idempotencyKey: this.#nextKey() };
      },
    );
  }

  /** @throws CallControlMissingError */
  requireAccess(): CallControlAccess {
    if (this.#access === undefined)
      throw new CallControlMissingError(
        'not supported: acting on this call, because call.started did not say where its control app is',
      );
    if (!this.#isControlApp(this.#access.url))
      throw new CallControlMissingError(
        'not allowed: acting on this call, because its control app is none of CONTROL_URLS in the settings of the worker app',
      );
    return this.#access;
  }

  #connect(): CallsClient {
    const { url, token } = this.requireAccess();
    this.#client ??= createCallsClient({ baseUrl: url, apiPath: `/api/${WORKER_API}`, token });
    return this.#client;
  }

  #nextKey(): string {
    this.#eventKey ??= this.#event.eventKey();
    this.#made += 1;
    return `${this.#eventKey}.${this.#made}`;
  }
}
