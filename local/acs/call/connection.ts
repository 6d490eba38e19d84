import type { IdentifierJson } from '../../event-grid/incoming-call.ts';
import type { Phone } from '../../phone/phone.ts';
import type { Clock } from '../../process/clock.ts';
import type { AcsBehaviour } from '../behaviour.ts';
import { CallbackOutbox, type SentEvent } from '../events/callback-outbox.ts';
import type { TokenIssuer } from '../events/tokens.ts';
import type { MediaStreamReport, OpenMediaStream } from '../media/port.ts';
import type { Refusal } from '../refusal.ts';
import {
  type CallConnectionState,
  type ConnectionEffect,
  type ConnectionInput,
  type ConnectionState,
  newConnection,
  type Operation,
  stepConnection,
} from './connection-machine.ts';
import { type MediaConfiguration, MediaLeg } from './media-leg.ts';

/** What the application said when it answered. */
export interface Answer extends Operation {
  readonly callbackUri: string;
  readonly apiVersion: string;
  readonly answeredBy?: { readonly id: string } | undefined;
  readonly media?: MediaConfiguration | undefined;
}

/** What every call of one server has in common. */
export interface CallEnvironment {
  readonly clock: Clock;
  readonly behaviour: AcsBehaviour;
  readonly tokens: TokenIssuer;
  readonly openMediaStream: OpenMediaStream;
}

export interface ConnectionParties {
  readonly callConnectionId: string;
  readonly serverCallId: string;
  readonly correlationId: string;
  readonly participants: readonly IdentifierJson[];
  readonly phones: readonly Phone[];
}

export interface ConnectionListener {
  changed(): void;
  sent(event: SentEvent): void;
  /** The call is being hung up, whoever asked for it. */
  disconnecting(): void;
}

export interface MediaSubscription {
  readonly id: string;
  readonly state: 'inactive' | 'active';
}

/** One call connection: runs the machine of `connection-machine.ts`, holds its timers, its media socket and its callbacks. */
export class Connection {
  readonly callConnectionId: string;
  readonly answer: Answer;
  readonly #environment: CallEnvironment;
  readonly #listener: ConnectionListener;
  readonly #outbox: CallbackOutbox;
  readonly #media: MediaLeg | undefined;
  readonly #timers = new Set<() => void>();
  #state: ConnectionState;

  constructor(
    answer: Answer,
    parties: ConnectionParties,
    environment: CallEnvironment,
    listener: ConnectionListener,
  ) {
    const { behaviour, clock, tokens, openMediaStream } = environment;
    const { callConnectionId, serverCallId, correlationId, participants, phones } = parties;
    this.callConnectionId = callConnectionId;
    this.answer = answer;
    this.#environment = environment;
    this.#listener = listener;
    this.#state = newConnection({
      mediaConfigured: answer.media !== undefined,
      answer: { operationContext: answer.operationContext },
      reconnects: behaviour.reconnects,
      stoppedEventOnHangUp: behaviour.stoppedEventOnHangUp,
    });
    this.#outbox = new CallbackOutbox({
      clock,
      tokens,
      origin: { callConnectionId, serverCallId, correlationId, participants, version: answer.apiVersion },
      retryDelaysMs: behaviour.callbackRetryDelaysMs,
      onSent: (event) => listener.sent(event),
    });
    this.#media =
      answer.media === undefined
        ? undefined
        : new MediaLeg({
            configuration: answer.media,
            callConnectionId,
            correlationId,
            phones,
            tokens,
            openMediaStream,
            listener: {
              started: () => void this.#apply({ type: 'mediaStarted' }),
              failed: (failure) => void this.#apply({ type: 'mediaFailed', failure }),
              closedByPeer: () => void this.#apply({ type: 'mediaClosedByPeer' }),
            },
          });
  }

  get state(): CallConnectionState {
    return this.#state.call;
  }

  get subscription(): MediaSubscription | undefined {
    if (this.#media === undefined) return undefined;
    return {
      id: this.#media.subscriptionId,
      state: this.#state.media === 'active' ? 'active' : 'inactive',
    };
  }

  /** Connects the call: dials the media socket where it is to start at once, and is connected a moment later. */
  begin(): void {
    const { dialDelayMs, connectDelayMs } = this.#environment.behaviour;
    const startMedia = this.answer.media?.startMediaStreaming === true;
    this.#later(dialDelayMs, () => this.#apply({ type: 'begin', startMedia }));
    this.#later(connectDelayMs, () => this.#apply({ type: 'established' }));
  }

  startMedia(operation: Operation): Refusal | undefined {
    return this.#apply({ type: 'startMedia', operation });
  }

  stopMedia(operation: Operation): Refusal | undefined {
    return this.#apply({ type: 'stopMedia', operation });
  }

  hangUp(): Refusal | undefined {
    return this.#apply({ type: 'hangUp' });
  }

  /** False where no stream is open that carries DTMF. */
  sendDtmf(key: string): boolean {
    return this.#media?.sendDtmf(key) === true;
  }

  streamReports(): readonly MediaStreamReport[] {
    return this.#media?.reports() ?? [];
  }

  /** Lets go of everything without telling the application; for the end of the process. Idempotent. */
  close(): void {
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    this.#media?.close();
    this.#outbox.close();
  }

  #apply(input: ConnectionInput): Refusal | undefined {
    const { state, effects, refusal } = stepConnection(this.#state, input);
    const before = this.#state;
    this.#state = state;
    for (const effect of effects) this.#run(effect);
    if (state.call !== before.call || state.media !== before.media) this.#listener.changed();
    return refusal;
  }

  #run(effect: ConnectionEffect): void {
    switch (effect.type) {
      case 'openMedia':
        this.#media?.open();
        return;
      case 'closeMedia':
        this.#media?.close();
        return;
      case 'post':
        this.#post(effect);
        return;
      case 'release':
        this.#listener.disconnecting();
        this.#later(this.#environment.behaviour.disconnectDelayMs, () => this.#apply({ type: 'released' }));
        return;
    }
  }

  #post({ event, callbackUri, settled }: ConnectionEffect & { readonly type: 'post' }): void {
    const uri = callbackUri ?? this.answer.callbackUri;
    if (event.type === 'CallDisconnected') {
      void this.#outbox.postLast(uri, event);
    } else if (settled) {
      this.#later(this.#environment.behaviour.mediaEventDelayMs, () => this.#outbox.post(uri, event));
    } else {
      this.#outbox.post(uri, event);
    }
  }

  #later(ms: number, run: () => void): void {
    const cancel = this.#environment.clock.after(ms, () => {
      this.#timers.delete(cancel);
      run();
    });
    this.#timers.add(cancel);
  }
}
