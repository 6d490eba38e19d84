import type { SpokenWords } from '../../../phone/script-phone.ts';
import type { ReplyTo } from '../events/callback-event.ts';
import { RefusedError } from '../http/refusal.ts';
import type { MediaStreamListener, OpenTranscriptionStream, TranscriptionStream } from '../media/port.ts';
import type { EmitEvent } from './media-operation.ts';
import {
  stepTranscribing,
  type TranscribingState,
  type TranscriptionEffect,
  type TranscriptionEventType,
  type TranscriptionInput,
} from './transcription-machine.ts';

/** What the application asked for in `transcriptionOptions`. */
export interface TranscriptionConfiguration {
  readonly url: string;
  readonly locale: string;
  readonly speechModelEndpointId: string | undefined;
  readonly startTranscription: boolean;
  readonly enableIntermediateResults: boolean;
}

/** `TranscriptionSubscription` of the call's properties. */
interface TranscriptionView {
  readonly id: string;
  readonly state: 'inactive' | 'active';
  readonly subscribedResultTypes: readonly ('final' | 'intermediate')[];
  readonly locale: string;
}

interface CallTranscriptionOptions {
  /** Undefined if the application asked for no transcription when the call began. */
  readonly configuration: TranscriptionConfiguration | undefined;
  readonly callConnectionId: string;
  readonly correlationId: string;
  /** Of the answer: events of a transcription that starts by itself carry it. */
  readonly replyTo: ReplyTo;
  readonly emit: EmitEvent;
  readonly mediaToken: () => Promise<string>;
  readonly newId: () => string;
  /** Whether intermediate results name their words. */
  readonly intermediateWords: boolean;
  readonly open: OpenTranscriptionStream;
}

/** Results that are remembered; older ones are forgotten. */
const MAX_REMEMBERED = 100;

const STATUS = {
  TranscriptionStarted: 'transcriptionStarted',
  TranscriptionUpdated: 'transcriptionUpdated',
  TranscriptionStopped: 'transcriptionStopped',
  TranscriptionFailed: 'transcriptionFailed',
} as const satisfies Record<TranscriptionEventType, string>;

/**
 * The transcription of one call: runs the machine of `transcription-machine.ts`, holds its socket and sends its events.
 */
export class CallTranscription {
  /** The texts that the application was sent as final results, oldest first. */
  readonly transcript: string[] = [];
  readonly #options: CallTranscriptionOptions;
  #state: TranscribingState;
  #speechModelEndpointId: string | undefined;
  #stream: TranscriptionStream | undefined;
  #subscriptionId: string;
  /** Grows with every opening and closing, so that what belongs to an earlier socket is recognised. */
  #generation = 0;

  constructor(options: CallTranscriptionOptions) {
    this.#options = options;
    const { configuration } = options;
    this.#speechModelEndpointId = configuration?.speechModelEndpointId;
    this.#subscriptionId = options.newId();
    this.#state = {
      phase: configuration === undefined ? 'unconfigured' : 'inactive',
      locale: configuration?.locale ?? '',
      replyTo: options.replyTo,
    };
  }

  get subscriptionId(): string {
    return this.#subscriptionId;
  }

  get view(): TranscriptionView | undefined {
    const { configuration } = this.#options;
    if (configuration === undefined) return undefined;
    return {
      id: this.#subscriptionId,
      state: this.#state.phase === 'active' ? 'active' : 'inactive',
      subscribedResultTypes: configuration.enableIntermediateResults ? ['intermediate', 'final'] : ['final'],
      locale: this.#state.locale,
    };
  }

  /** The call has been established. */
  begin(): void {
    if (this.#options.configuration?.startTranscription !== true) return;
    this.#apply({ type: 'start', locale: undefined, replyTo: {} });
  }

  /** @throws RefusedError 405 8522 where it was not configured, 400 8500 where it is active */
  start(locale: string | undefined, speechModelEndpointId: string | undefined, replyTo: ReplyTo): void {
    this.#refuseOr({ type: 'start', locale, replyTo }, speechModelEndpointId);
  }

  /** @throws RefusedError 405 8522 where it was not configured, 400 8500 where it is not active */
  update(locale: string, speechModelEndpointId: string | undefined, replyTo: ReplyTo): void {
    this.#refuseOr({ type: 'update', locale, replyTo }, speechModelEndpointId);
  }

  /** @throws RefusedError as `update` */
  stop(replyTo: ReplyTo): void {
    this.#refuseOr({ type: 'stop', replyTo }, undefined);
  }

  /** False where nothing is transcribed. */
  wordsSaid(words: SpokenWords): boolean {
    if (this.#state.phase !== 'active') return false;
    if (this.#stream === undefined) return true;
    this.#stream.said(words);
    this.transcript.push(words.text);
    if (this.transcript.length > MAX_REMEMBERED) this.transcript.shift();
    return true;
  }

  /** The call is over. Idempotent. */
  end(): void {
    this.#apply({ type: 'callEnded' });
  }

  #refuseOr(input: TranscriptionInput, speechModelEndpointId: string | undefined): void {
    const before = this.#speechModelEndpointId;
    this.#speechModelEndpointId = speechModelEndpointId ?? before;
    const refusal = this.#apply(input);
    if (refusal === undefined) return;
    this.#speechModelEndpointId = before;
    throw new RefusedError(refusal);
  }

  #apply(input: TranscriptionInput): RefusedError['refusal'] | undefined {
    const { state, effects, refusal } = stepTranscribing(this.#state, input);
    this.#state = state;
    for (const effect of effects) this.#run(effect);
    return refusal;
  }

  #run(effect: TranscriptionEffect): void {
    switch (effect.type) {
      case 'open':
        this.#close();
        void this.#open(++this.#generation);
        return;
      case 'close':
        this.#close();
        return;
      case 'tell':
        this.#options.emit(
          effect.event,
          {
            resultInformation: effect.result,
            transcriptionUpdate: {
              transcriptionStatus: STATUS[effect.event],
              transcriptionStatusDetails: effect.details,
            },
          },
          effect.replyTo,
        );
        return;
    }
  }

  #close(): void {
    this.#generation++;
    this.#stream?.stop();
    this.#stream = undefined;
  }

  async #open(generation: number): Promise<void> {
    const { configuration, callConnectionId, correlationId, intermediateWords, mediaToken, newId, open } =
      this.#options;
    const token = await mediaToken();
    if (configuration === undefined || generation !== this.#generation) return;
    this.#subscriptionId = newId();
    const stream = open(
      {
        url: configuration.url,
        headers: {
          Authorization: `Bearer ${token}`,
          'x-ms-call-connection-id': callConnectionId,
          'x-ms-call-correlation-id': correlationId,
        },
        subscriptionId: this.#subscriptionId,
        locale: this.#state.locale,
        callConnectionId,
        correlationId,
        speechRecognitionModelEndpointId: this.#speechModelEndpointId,
        enableIntermediateResults: configuration.enableIntermediateResults,
        intermediateWords,
      },
      this.#listener(generation),
    );
    // A stream may fail before it is returned.
    if (generation === this.#generation) this.#stream = stream;
    else stream.stop();
  }

  #listener(generation: number): MediaStreamListener {
    const apply = (input: TranscriptionInput, over: boolean): void => {
      if (generation !== this.#generation) return;
      if (over) this.#close();
      this.#apply(input);
    };
    return {
      started: () => apply({ type: 'opened' }, false),
      failed: (failure) => apply({ type: 'failed', failure }, true),
      closedByPeer: () => apply({ type: 'closedByPeer' }, true),
    };
  }
}
