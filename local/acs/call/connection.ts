import type { Phone } from '../../phone/phone.ts';
import type { Clock } from '../../process/clock.ts';
import type { Random } from '../../process/random.ts';
import type { AcsBehaviour } from '../behaviour.ts';
import type { RecordEntry } from '../event-log.ts';
import type { CallbackEventType, ResultInformation } from '../events/callback-event.ts';
import { CallbackOutbox, type SentEvent } from '../events/callback-outbox.ts';
import { COMPLETED } from '../events/results.ts';
import { plannedDeliveryFaults } from '../faults/delivery-faults.ts';
import type { FaultEngine } from '../faults/fault-engine.ts';
import { plannedMediaFaults } from '../faults/planned-media-faults.ts';
import type { Tokens } from '../faults/planned-tokens.ts';
import type { MediaTicker } from '../media/media-ticker.ts';
import type { MediaStreamReport, OpenMediaStream } from '../media/port.ts';
import type { OpenTranscriptionStream } from '../media/transcription-port.ts';
import { CallOperations } from '../operations/call-operations.ts';
import { CallTranscription, type TranscriptionConfiguration } from '../operations/call-transcription.ts';
import type { LoadPrompt } from '../operations/prompt-loader.ts';
import { type Refusal, RefusedError, refusals } from '../refusal.ts';
import type { Callees } from './callees.ts';
import {
  type CallConnectionState,
  type ConnectionEffect,
  type ConnectionInput,
  type ConnectionState,
  newConnection,
  type ReplyTo,
  stepConnection,
} from './connection-machine.ts';
import type { Speaker } from './conversation.ts';
import { Invitations } from './invitations.ts';
import { type MediaConfiguration, MediaLeg } from './media-leg.ts';
import { type Participant, Participants } from './participants.ts';
import type { PhoneHost } from './phone-line.ts';

export type { ReplyTo } from './connection-machine.ts';

/** What the application said when it answered. */
export interface Answer extends ReplyTo {
  readonly callbackUri: string;
  readonly apiVersion: string;
  readonly answeredBy?: { readonly id: string } | undefined;
  readonly media?: MediaConfiguration | undefined;
  readonly transcription?: TranscriptionConfiguration | undefined;
}

/** What every call of one server has in common. */
export interface CallEnvironment {
  readonly clock: Clock;
  readonly behaviour: AcsBehaviour;
  readonly tokens: Tokens;
  /** Where all ids come from, and the chance of faults. */
  readonly random: Random;
  readonly faults: FaultEngine;
  /** Takes what is written to the event log. */
  readonly record: RecordEntry;
  readonly openMediaStream: OpenMediaStream;
  readonly openTranscriptionStream: OpenTranscriptionStream;
  /** Times the sound of calls that are not streamed. */
  readonly ticker: MediaTicker;
  /** Fetches and synthesizes what is played. */
  readonly loadPrompt: LoadPrompt;
  /** Whom calls of the application reach. */
  readonly callees: Callees;
}

export interface ConnectionParties {
  readonly callConnectionId: string;
  readonly serverCallId: string;
  readonly correlationId: string;
  /** Who is on the call from its beginning. */
  readonly participants: readonly (Pick<Participant, 'identifier'> & Partial<Speaker>)[];
}

export type HangUpCause = 'application' | 'participant' | 'notReached' | 'transferred' | 'moved';

export interface ConnectionListener {
  changed(): void;
  sent(event: SentEvent): void;
  /** The call is being hung up, whoever asked for it. */
  disconnecting(cause: HangUpCause): void;
  /** Somebody whom the application has called answers; gives back the telephone that is put on the line instead. */
  answered(speaker: Speaker): Phone;
}

export type EventData = Readonly<Record<string, unknown>> & {
  readonly resultInformation?: ResultInformation;
};

export interface MediaSubscription {
  readonly id: string;
  readonly state: 'inactive' | 'active';
}

/** One call connection: runs the machine of `connection-machine.ts`, holds its timers, its media socket and its callbacks. */
export class Connection implements PhoneHost {
  readonly callConnectionId: string;
  readonly serverCallId: string;
  readonly correlationId: string;
  readonly answer: Answer;
  readonly participants: Participants;
  /** Prompts, recognition, keys and hold. */
  readonly operations: CallOperations;
  /** Telephones that ring for this call. */
  readonly invitations: Invitations;
  /** Whether somebody of this call is being transferred. */
  transferring = false;
  readonly #environment: CallEnvironment;
  readonly #listener: ConnectionListener;
  readonly #outbox: CallbackOutbox;
  readonly #media: MediaLeg | undefined;
  readonly #timers = new Set<() => void>();
  #state: ConnectionState;
  /** Orders the ParticipantsUpdated events, which may arrive in any order. */
  #participantUpdates = 0;
  #cause: HangUpCause = 'application';

  constructor(
    answer: Answer,
    parties: ConnectionParties,
    environment: CallEnvironment,
    listener: ConnectionListener,
  ) {
    const { behaviour, clock, tokens, openMediaStream, faults, record } = environment;
    const { callConnectionId, serverCallId, correlationId } = parties;
    const random = environment.random.branch(callConnectionId);
    this.callConnectionId = callConnectionId;
    this.serverCallId = serverCallId;
    this.correlationId = correlationId;
    const recordingIds = random.branch('recordings');
    const transcriptionIds = random.branch('transcription');
    const operations = new CallOperations({
      phones: () => this.participants.phones,
      setOnHold: (rawId, onHold) => void this.participants.hold(rawId, onHold),
      emit: (type, data, replyTo) => this.emit(type, data, replyTo),
      clock,
      loadPrompt: environment.loadPrompt,
      newRecordingId: () => recordingIds.uuid(),
      transcription: new CallTranscription({
        configuration: answer.transcription,
        callConnectionId,
        correlationId,
        replyTo: { operationContext: answer.operationContext },
        emit: (type, data, replyTo) => this.emit(type, data, replyTo),
        mediaToken: () => tokens.mediaToken(),
        newId: () => transcriptionIds.uuid(),
        open: environment.openTranscriptionStream,
      }),
      ticker: environment.ticker,
      sampleRateHz: mediaRateHz(answer.media),
    });
    this.operations = operations;
    this.participants = new Participants(() => this.#participantsChanged(), operations);
    this.invitations = new Invitations({
      callees: environment.callees,
      clock,
      random: random.branch('invitations'),
      call: { callConnectionId, correlationId },
    });
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
      origin: { callConnectionId, serverCallId, correlationId, version: answer.apiVersion },
      retryDelaysMs: behaviour.callbackRetryDelaysMs,
      onSent: (event) => listener.sent(event),
      onAttempt: ({ id, type, attempts, result }) =>
        record({ kind: 'callback', callConnectionId, id, type, attempts, result }),
      headers: {
        'content-type': `${behaviour.callbackContentType}; charset=utf-8`,
        ...(behaviour.callbackConnectionIdHeader ? { 'x-ms-call-connection-id': callConnectionId } : {}),
      },
      random: random.branch('callbacks'),
      drawFaults: plannedDeliveryFaults(faults, 'callback', random.branch('callback faults')),
      clockSkewMs: () => faults.clockSkewMs,
    });
    this.#media =
      answer.media === undefined
        ? undefined
        : new MediaLeg({
            configuration: answer.media,
            callConnectionId,
            correlationId,
            phones: this.participants.phones,
            tokens,
            openMediaStream,
            random: random.branch('media'),
            faults: plannedMediaFaults(faults, random.branch('media faults')),
            listener: {
              started: () => void this.#apply({ type: 'mediaStarted' }),
              failed: (failure) => void this.#apply({ type: 'mediaFailed', failure }),
              closedByPeer: () => void this.#apply({ type: 'mediaClosedByPeer' }),
            },
          });
    for (const participant of parties.participants) this.seat(participant);
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

  hangUp(cause: HangUpCause = 'application', result?: ResultInformation): Refusal | undefined {
    this.#cause = cause;
    return this.#apply({ type: 'hangUp', result });
  }

  /** The call does not come about: says so with `type`, then ends it. Nothing happens once it is being hung up. */
  fail(type: 'AnswerFailed' | 'CreateCallFailed', result: ResultInformation): void {
    if (this.state !== 'connecting') return;
    const { operationContext } = this.answer;
    this.emit(type, { resultInformation: result }, { operationContext });
    this.hangUp('notReached', result);
  }

  /** Somebody joins. Where that person is here already, the telephone is told that it is over. */
  seat({ identifier, phone, line }: ConnectionParties['participants'][number]): void {
    const joined = this.participants.join(identifier, phone, line);
    if (!joined) phone?.ended('onTheCallAlready');
    else if (line !== undefined) line.host = this;
  }

  /** As `seat`, for the telephone of somebody whom this call has invited. */
  admit(speaker: Speaker): void {
    this.seat({ ...speaker, phone: this.#listener.answered(speaker) });
  }

  participantHangsUp(rawId: string): void {
    if (!this.participants.onThePhone.includes(rawId)) return;
    if (this.participants.onThePhone.length === 1) this.hangUp('participant');
    else this.participants.leave(rawId, 'hungUp');
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
   * Sends a callback event of this call, to `operationCallbackUri` or else to the call's own URI. `data`: members of the event's own, such
   * as `{ participant }`, and `resultInformation`, which is that of success where it is absent. Nothing is sent after CallDisconnected.
   */
  emit(type: CallbackEventType, data: EventData = {}, replyTo: ReplyTo = {}): void {
    const { resultInformation = COMPLETED, ...rest } = data;
    const { operationContext, operationCallbackUri } = replyTo;
    this.#outbox.post(operationCallbackUri ?? this.answer.callbackUri, {
      type,
      data: rest,
      result: resultInformation,
      operationContext,
    });
  }

  /** Somebody presses a key. False where nothing takes it: no stream carries DTMF, and no recognition listens to this participant. */
  pressKey(rawId: string, key: string): boolean {
    const streamed = this.#media?.sendDtmf(key) === true;
    return this.operations.keyPressed(rawId, key) || streamed;
  }

  streamReports(): readonly MediaStreamReport[] {
    return this.#media?.reports() ?? [];
  }

  /** Lets go of everything without telling the application; for the end of the process. Idempotent. */
  close(): void {
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    this.invitations.drop();
    this.operations.close();
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
      case 'tellParticipants':
        this.#tellParticipants();
        return;
      case 'release':
        this.invitations.drop();
        this.operations.end();
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

/** A call without a media stream sounds as one with the default format would. */
function mediaRateHz(media: MediaConfiguration | undefined): number {
  return media?.audioFormat === 'pcm24KMono' ? 24_000 : 16_000;
}
