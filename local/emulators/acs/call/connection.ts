import type { Phone } from '../../../phone/phone.ts';
import type {
  CallbackEvent,
  CallbackEventType,
  ReplyTo,
  ResultInformation,
} from '../events/callback-event.ts';
import type { CallbackOutbox, SentEvent } from '../events/callback-outbox.ts';
import { type Refusal, RefusedError, refusals } from '../http/refusal.ts';
import type { MediaStreamReport } from '../media/port.ts';
import type { CallOperations } from '../media-operations/call-operations.ts';
import type { RoomEnd } from '../room/room.ts';
import { Invitations } from '../telephones/invitations.ts';
import type { Speaker } from '../telephones/phone-line.ts';
import type { CallEnvironment } from './call-environment.ts';
import {
  type CallConnectionState,
  type ConnectionEffect,
  type ConnectionInput,
  type ConnectionState,
  newConnection,
  stepConnection,
} from './connection-machine.ts';
import type { Answer } from './connection-parts.ts';
import { type Making, mediaRateHz, newMediaLeg, newOperations, newOutbox } from './connection-parts.ts';
import type { MediaLeg } from './media-leg.ts';
import { Participants } from './participants.ts';
import {
  COMPLETED,
  LEFT_ALONE,
  NO_LONGER_THERE,
  PHONE_OF_CALLEE_LEFT,
  PHONE_OF_CALLER_LEFT,
  USER_LEFT,
} from './results.ts';
import { type Arrival, type Leaver, Telephones } from './telephones.ts';

export interface ConnectionParties {
  readonly callConnectionId: string;
  readonly serverCallId: string;
  readonly correlationId: string;
  /** Who is on the call from its beginning. */
  readonly participants: readonly Arrival[];
}

export type HangUpCause = RoomEnd | 'left' | 'notReached';

interface ConnectionListener {
  changed(): void;
  sent(event: SentEvent): void;
  /** The call is being hung up, by either side. */
  disconnecting(cause: HangUpCause): void;
  /** Somebody the application has called answers. @returns the telephone that the call uses instead */
  answered(speaker: Speaker): Phone;
}

type EventData = Readonly<Record<string, unknown>> & {
  readonly resultInformation?: ResultInformation;
  readonly recording?: CallbackEvent['recording'];
};

interface MediaSubscription {
  readonly id: string;
  readonly state: 'inactive' | 'active';
}

/**
 * One call connection: runs the machine of `connection-machine.ts`, holds its timers, its media socket and its
 * callbacks.
 */
export class Connection {
  readonly callConnectionId: string;
  readonly serverCallId: string;
  readonly correlationId: string;
  readonly answer: Answer;
  /** Who is on the call, as this application sees it. */
  readonly participants: Participants;
  readonly telephones: Telephones;
  /** Prompts, recognition, keys and hold. */
  readonly operations: CallOperations;
  /** Telephones that ring for this call. */
  readonly invitations: Invitations;
  /** What answers name in the place of a media stream that was not asked for. */
  readonly unusedSubscriptionId: string;
  /** Whether somebody of this call is being transferred. */
  transferring = false;
  readonly #environment: CallEnvironment;
  readonly #listener: ConnectionListener;
  readonly #outbox: CallbackOutbox;
  readonly #media: MediaLeg | undefined;
  readonly #timers = new Set<() => void>();
  /** Of a call that rang for the application. */
  readonly #callerRawId: string | undefined;
  #state: ConnectionState;
  /** Orders the ParticipantsUpdated events, which may arrive in any order. */
  #participantUpdates = 0;
  #cause: HangUpCause = 'application';
  /** The telephones wait for a stream that begins with the call, so that it carries the first that they say. */
  #awaitsStream: boolean;

  constructor(
    answer: Answer,
    parties: ConnectionParties,
    environment: CallEnvironment,
    listener: ConnectionListener,
  ) {
    const { behaviour, clock, callees } = environment;
    const { callConnectionId, serverCallId, correlationId } = parties;
    const random = environment.random.branch(callConnectionId);
    const making: Making = { answer, parties, environment, random };
    const call = { callConnectionId, serverCallId, correlationId };
    this.callConnectionId = callConnectionId;
    this.serverCallId = serverCallId;
    this.correlationId = correlationId;
    this.answer = answer;
    this.unusedSubscriptionId = random.branch('no media').uuid();
    this.#environment = environment;
    this.#listener = listener;
    this.#awaitsStream = answer.media?.startMediaStreaming === true;
    this.#state = newConnection({
      mediaConfigured: answer.media !== undefined,
      answer: { operationContext: answer.operationContext },
      reconnects: behaviour.reconnects,
      stoppedEventOnHangUp: behaviour.stoppedEventOnHangUp,
    });
    this.#callerRawId = parties.participants.find(({ phone }) => phone !== undefined)?.identifier.rawId;
    this.#outbox = newOutbox(making, (event) => listener.sent(event));
    this.operations = newOperations(making, {
      phones: () => this.participants.phones,
      isShown: (rawId) => this.participants.isShown(rawId),
      setOnHold: (rawId, onHold) => this.telephones.hold(rawId, onHold),
      showOnHold: (rawId, onHold) => this.participants.showOnHold(rawId, onHold),
      emit: (type, data, replyTo) => this.emit(type, data, replyTo),
    });
    this.participants = new Participants(() => this.#participantsChanged(), this.operations);
    this.invitations = new Invitations({ callees, clock, random: random.branch('invitations'), call });
    this.#media = newMediaLeg(making, this.participants.phones, {
      started: () => void this.#apply({ type: 'mediaStarted' }),
      failed: (failure) => void this.#apply({ type: 'mediaFailed', failure }),
      closedByPeer: () => void this.#apply({ type: 'mediaClosedByPeer' }),
    });
    this.telephones = this.#newTelephones(parties.participants);
    for (const participant of parties.participants) this.telephones.seat(participant);
  }

  get state(): CallConnectionState {
    return this.#state.call;
  }

  /** The rate of everything that is heard on it. */
  get sampleRateHz(): number {
    return mediaRateHz(this.answer.media);
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
    this.#later(connectDelayMs, () => {
      this.#apply({ type: 'established' });
      if (this.state === 'connected') this.operations.transcription.begin();
    });
  }

  startMedia(operation: ReplyTo): Refusal | undefined {
    return this.#apply({ type: 'startMedia', operation });
  }

  stopMedia(operation: ReplyTo): Refusal | undefined {
    return this.#apply({ type: 'stopMedia', operation });
  }

  /** The application leaves; alone on its call, it ends it. */
  hangUp(cause: HangUpCause = 'application', result?: ResultInformation): Refusal | undefined {
    this.#cause = cause;
    return this.#apply({ type: 'hangUp', result });
  }

  /** The call fails: sends the event `type`, then ends it. Nothing happens once it is being hung up. */
  fail(type: 'AnswerFailed' | 'CreateCallFailed' | 'ConnectFailed', result: ResultInformation): void {
    if (this.state !== 'connecting') return;
    const { operationContext } = this.answer;
    this.emit(type, { resultInformation: result }, { operationContext });
    this.hangUp('notReached', result);
  }

  /** @throws RefusedError 400 8501 while the call is being established, 404 8522 once it is being hung up */
  requireEstablished(): void {
    switch (this.state) {
      case 'connected':
        return;
      case 'connecting':
        throw new RefusedError(refusals.notEstablished());
      case 'disconnecting':
      case 'disconnected':
        throw new RefusedError(refusals.callNotFound());
    }
  }

  /**
   * Sends a callback event of this call, to `operationCallbackUri` or else to the call's own URI. `data`: members of
   * the event's own, such as `{ participant }`, and `resultInformation`, which is that of success where it is absent.
   * Nothing is sent after CallDisconnected.
   */
  emit(type: CallbackEventType, data: EventData = {}, replyTo: ReplyTo = {}): void {
    const { resultInformation = COMPLETED, recording, ...rest } = data;
    const { operationContext, operationCallbackUri } = replyTo;
    this.#outbox.post(operationCallbackUri ?? this.answer.callbackUri, {
      type,
      data: rest,
      result: resultInformation,
      operationContext,
      recording,
    });
  }

  streamReports(): readonly MediaStreamReport[] {
    return this.#media?.reports() ?? [];
  }

  /** Drops everything without events, when the process ends. Idempotent. */
  close(): void {
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    this.invitations.drop();
    this.operations.close();
    this.#media?.close();
    this.#outbox.close();
  }

  #newTelephones(arrivals: readonly Arrival[]): Telephones {
    return new Telephones({
      participants: this.participants,
      own: arrivals.filter(({ phone }) => phone === undefined).map(({ identifier }) => identifier),
      admitted: (speaker) => this.#listener.answered(speaker),
      takeKey: (rawId, key) => {
        const streamed = this.#media?.sendDtmf(key) === true;
        return this.operations.keyPressed(rawId, key) || streamed;
      },
      takeWords: (words) => this.operations.wordsSaid(words),
      hangUp: (cause, by) => void this.hangUp(cause, this.#resultOf(cause, by)),
      connectFailed: () => this.fail('ConnectFailed', NO_LONGER_THERE),
      connecting: () => this.state === 'connecting',
    });
  }

  /** What CallDisconnected says of an end that others have brought about; undefined for the application's own. */
  #resultOf(cause: RoomEnd, by?: Leaver): ResultInformation | undefined {
    if (cause === 'removed') return LEFT_ALONE;
    if (cause !== 'participant') return undefined;
    if (by?.rawId.startsWith('4:') === true)
      return by.rawId === this.#callerRawId ? PHONE_OF_CALLER_LEFT : PHONE_OF_CALLEE_LEFT;
    return USER_LEFT[by?.how ?? 'left'];
  }

  #apply(input: ConnectionInput): Refusal | undefined {
    const { state, effects, refusal } = stepConnection(this.#state, input);
    const before = this.#state;
    this.#state = state;
    if (before.media === 'starting' && state.media !== 'starting') this.#awaitsStream = false;
    for (const effect of effects) this.#run(effect);
    this.operations.live(state.call === 'connected' && !this.#awaitsStream);
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
      case 'tellParticipants':
        this.#tellParticipants();
        return;
      case 'release':
        this.invitations.drop();
        this.operations.end();
        this.telephones.disconnect();
        this.#listener.disconnecting(this.#cause);
        this.#later(this.#environment.behaviour.disconnectDelayMs, () => this.#apply({ type: 'released' }));
        return;
    }
  }

  #post({ event, operationCallbackUri, settled }: ConnectionEffect & { readonly type: 'post' }): void {
    const uri = operationCallbackUri ?? this.answer.callbackUri;
    if (event.type === 'CallDisconnected') {
      void this.#outbox.postLast(uri, event);
    } else if (settled) {
      this.#later(this.#environment.behaviour.mediaEventDelayMs, () => this.#outbox.post(uri, event));
    } else {
      this.#outbox.post(uri, event);
    }
  }

  #participantsChanged(): void {
    if (this.state !== 'connected') return;
    this.#tellParticipants();
    this.#listener.changed();
  }

  #tellParticipants(): void {
    this.emit('ParticipantsUpdated', {
      sequenceNumber: ++this.#participantUpdates,
      participants: this.participants.all.map(({ identifier, isMuted, isOnHold }) => ({
        identifier,
        isMuted,
        isOnHold,
      })),
    });
  }

  #later(ms: number, run: () => void): void {
    const cancel = this.#environment.clock.after(ms, () => {
      this.#timers.delete(cancel);
      run();
    });
    this.#timers.add(cancel);
  }
}
