import type { Phone } from '../../../phone/phone.ts';
import type { SpokenWords } from '../../../phone/script-phone.ts';
import type { Clock } from '../../common/clock.ts';
import type { ReplyTo } from '../events/callback-event.ts';
import { type Refusal, RefusedError, refusals } from '../http/refusal.ts';
import type { MediaTicker } from '../media/media-ticker.ts';
import { CallRecordings } from './call-recordings.ts';
import { CallSound } from './call-sound.ts';
import type { CallTranscription } from './call-transcription.ts';
import { ContinuousDtmf } from './continuous-dtmf.ts';
import { Hold, type HoldMusic } from './hold.ts';
import type { EmitEvent, MediaOperation, MediaSurroundings } from './media-operation.ts';
import {
  EMPTY_QUEUE,
  incompatibleWith,
  MAX_WAITING,
  type MediaOperationKind,
  present,
  type QueueInput,
  type QueueRefusal,
  stepQueue,
} from './operation-queue.ts';
import { PlayOperation, type PlayRequest } from './play-operation.ts';
import { atRate, type LoadPrompt } from './prompt-loader.ts';
import { RecognizeOperation, type RecognizeRequest } from './recognize-operation.ts';
import { SendDtmfOperation, type SendDtmfRequest } from './send-dtmf-operation.ts';
import { toneOfKey } from './tones.ts';

const NAMES: Readonly<Record<MediaOperationKind, string>> = {
  playToAll: 'PlayToAll',
  playTo: 'PlayTo',
  recognizeNonGroup: 'Recognize(Non-Group Call)',
  recognizeGroup: 'Recognize(Group Call)',
  sendDtmf: 'SendDTMF',
  startContinuousDtmf: 'StartContinuousDtmfRecognition',
};

export interface CallOperationsOptions {
  /** The phones on the line, as a media stream sees them. The list is the call's and may change. */
  readonly phones: () => readonly Phone[];
  /** Whether somebody is on the roster because another application has them. */
  readonly isShown: (rawId: string) => boolean;
  /** Tells the roster who is on hold. */
  readonly setOnHold: (rawId: string, onHold: boolean) => void;
  /** Shows somebody in the roster as on hold who hears and is heard as before. */
  readonly showOnHold: (rawId: string, onHold: boolean) => void;
  readonly emit: EmitEvent;
  readonly clock: Clock;
  readonly loadPrompt: LoadPrompt;
  /** From the start of a recording to the event that it is active. */
  readonly recordingDelayMs: number;
  readonly newRecordingId: () => string;
  readonly transcription: CallTranscription;
  /** The rate of the call's media. */
  readonly sampleRateHz: number;
  readonly ticker: MediaTicker;
}

/**
 * What an application does to the media of one call: prompts, recognition, keys, hold, recordings and transcription.
 * Methods throw RefusedError.
 */
export class CallOperations {
  readonly recordings: CallRecordings;
  readonly transcription: CallTranscription;
  readonly #options: CallOperationsOptions;
  readonly #sound: CallSound;
  readonly #surroundings: MediaSurroundings;
  readonly #continuous: ContinuousDtmf;
  readonly #hold: Hold;
  readonly #operations = new Map<number, MediaOperation>();
  #queue = EMPTY_QUEUE;
  #lastId = 0;
  #over = false;

  constructor(options: CallOperationsOptions) {
    this.#options = options;
    const { phones, setOnHold, emit, clock, newRecordingId, sampleRateHz, ticker } = options;
    const beginDelayMs = options.recordingDelayMs;
    this.transcription = options.transcription;
    this.recordings = new CallRecordings({ emit, clock, beginDelayMs, newId: newRecordingId });
    this.#sound = new CallSound({ sampleRateHz, phones, ticker });
    this.#surroundings = { player: this.#sound, load: atRate(options.loadPrompt, sampleRateHz), emit };
    this.#continuous = new ContinuousDtmf(emit);
    this.#hold = new Hold({
      ...this.#surroundings,
      setOnHold: (rawId, onHold) => {
        this.#sound.hold(rawId, onHold);
        setOnHold(rawId, onHold);
      },
    });
  }

  /** Whether time passes for the phones when nothing is streamed and nothing is played. */
  live(live: boolean): void {
    this.#sound.live(live);
  }

  /** The phone as the call is to use it, so that it hears prompts. */
  wrap(phone: Phone): Phone {
    return this.#sound.wrap(phone);
  }

  /** The phone has left the call. */
  remove(rawId: string): void {
    this.#hold.remove(rawId);
    this.#sound.remove(rawId);
    if (!this.#over) this.#continuous.remove(rawId);
  }

  play(request: PlayRequest, interrupts: boolean): void {
    if (request.targets !== 'all') for (const rawId of request.targets) this.#requirePhone(rawId);
    const showPlayedTo = (rawId: string, playedTo: boolean): void => {
      if (!this.#hold.has(rawId)) this.#options.showOnHold(rawId, playedTo);
    };
    const interruptHold = (rawId: string, interrupted: boolean): void =>
      this.#hold.interrupt(rawId, interrupted);
    const surroundings = { ...this.#surroundings, showPlayedTo, interruptHold };
    this.#submit(new PlayOperation(request, surroundings), interrupts);
  }

  /** What interrupts somebody who is not on hold is unknown: nothing of it is recorded. */
  announce(request: PlayRequest, rawId: string): void {
    this.#requirePhone(rawId);
    if (!this.#hold.has(rawId))
      throw new RefusedError(
        refusals.notSupported('interruptAudioAndAnnounce for somebody who is not on hold'),
      );
    this.play(request, false);
  }

  recognize(request: RecognizeRequest, interrupts: boolean): void {
    this.#requirePhone(request.target);
    const { clock, phones } = this.#options;
    const group = phones().length > 1;
    this.#submit(new RecognizeOperation(request, { ...this.#surroundings, clock, group }), interrupts);
  }

  sendDtmf(request: SendDtmfRequest): void {
    this.#requirePhone(request.target);
    const hearKey = (rawId: string, key: string): boolean => {
      this.#sound.hearKey(rawId, key);
      return this.#sound.has(rawId);
    };
    this.#submit(new SendDtmfOperation(request, { ...this.#surroundings, hearKey }), false);
  }

  /** Continuous recognition goes on. */
  cancelAll(): void {
    this.#apply({ type: 'cancelAll' });
  }

  startContinuousDtmf(rawId: string, replyTo: ReplyTo): void {
    this.#requirePhone(rawId);
    const kinds = present(this.#queue).map(({ kind }) => kind);
    const existing = incompatibleWith(kinds, 'startContinuousDtmf');
    if (existing !== undefined) throw new RefusedError(incompatible('startContinuousDtmf', existing));
    this.#continuous.start(rawId, replyTo);
  }

  stopContinuousDtmf(rawId: string, replyTo: ReplyTo): void {
    this.#requirePhone(rawId);
    this.#continuous.stop(rawId, replyTo);
  }

  hold(rawId: string, music: HoldMusic | undefined, replyTo: ReplyTo): void {
    this.#requirePhone(rawId);
    this.#hold.hold(rawId, music, replyTo);
  }

  unhold(rawId: string): void {
    this.#requirePhone(rawId);
    this.#hold.unhold(rawId);
  }

  /** A participant pressed a key (0-9, A-D, `*`, `#`). False where nothing listens to it. */
  keyPressed(rawId: string, key: string): boolean {
    const tone = toneOfKey(key);
    if (tone === undefined || this.#over) return false;
    let heard = this.#continuous.keyPressed(rawId, tone);
    for (const operation of [...this.#operations.values()])
      if (operation.keyPressed?.(rawId, tone) === true) heard = true;
    return heard;
  }

  /** A participant said these words. False where nothing listens to them. */
  wordsSaid(words: SpokenWords): boolean {
    const { rawId, text } = words;
    let heard = this.transcription.wordsSaid(words);
    for (const operation of [...this.#operations.values()])
      if (operation.textSaid?.(rawId, text) === true) heard = true;
    return heard;
  }

  /** The call is being hung up: sends the last events and stops everything. Idempotent. */
  end(): void {
    if (!this.#over) {
      this.#continuous.end();
      this.recordings.end();
    }
    this.close();
  }

  /** Stops everything without events. Idempotent. */
  close(): void {
    this.#over = true;
    for (const operation of this.#operations.values()) operation.drop();
    this.#operations.clear();
    this.#hold.end();
    this.transcription.end();
    this.#sound.close();
  }

  #submit(operation: MediaOperation, interrupts: boolean): void {
    const id = ++this.#lastId;
    this.#operations.set(id, operation);
    const refusal = this.#apply({ type: 'submit', operation: { id, kind: operation.kind }, interrupts });
    if (refusal === undefined) return;
    this.#operations.delete(id);
    throw new RefusedError(
      refusal.type === 'full'
        ? refusals.tooManyMediaOperations(MAX_WAITING)
        : incompatible(operation.kind, refusal.existing),
    );
  }

  #apply(input: QueueInput): QueueRefusal | undefined {
    const { state, effects, refusal } = stepQueue(this.#queue, input);
    this.#queue = state;
    for (const { type, id } of effects) {
      const operation = this.#operations.get(id);
      switch (type) {
        case 'start':
          operation?.start((how) => {
            if (this.#operations.delete(id)) this.#apply({ type: 'ended', id, how });
          });
          break;
        case 'cancel':
          this.#operations.delete(id);
          operation?.cancel();
          break;
      }
    }
    return refusal;
  }

  #requirePhone(rawId: string): void {
    if (this.#sound.has(rawId)) return;
    const isShown = this.#options.isShown(rawId);
    throw new RefusedError(isShown ? refusals.ofAnotherApplication() : refusals.participantNotFound());
  }
}

function incompatible(added: MediaOperationKind, existing: MediaOperationKind): Refusal {
  return refusals.incompatibleMediaAction(NAMES[added], NAMES[existing]);
}
