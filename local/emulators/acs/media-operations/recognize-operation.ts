import type { Clock } from '../../common/clock.ts';
import type { ReplyTo } from '../events/callback-event.ts';
import type { MediaOperation, MediaSurroundings, PromptHandle } from './media-operation.ts';
import { mediaResults } from './media-results.ts';
import type { PlaySource } from './play-source.ts';
import {
  beginRecognition,
  type RecognitionInput,
  type RecognitionOutcome,
  type RecognitionRules,
  type RecognitionState,
  recognitionDeadline,
  stepRecognition,
} from './recognition-machine.ts';
import type { Tone } from './tones.ts';

/** Nothing is guessed: the phone itself reports its words. */
const CONFIDENCE = 1;

export interface RecognizeRequest {
  readonly rules: RecognitionRules;
  /** Raw id of the participant who is listened to, and who hears the prompts. */
  readonly target: string;
  readonly prompts: readonly PlaySource[];
  /** Whether the application knows PlayStarted. */
  readonly tellsStart: boolean;
  readonly replyTo: ReplyTo;
}

interface RecognizeSurroundings extends MediaSurroundings {
  readonly clock: Clock;
  /** Whether there are more than two on the call. */
  readonly group: boolean;
}

/**
 * Listens to one participant: runs the machine of `recognition-machine.ts`, holds prompt and timer, and sends the
 * outcome.
 */
export class RecognizeOperation implements MediaOperation {
  readonly kind: 'recognizeGroup' | 'recognizeNonGroup';
  readonly #request: RecognizeRequest;
  readonly #surroundings: RecognizeSurroundings;
  readonly #promptOver = new AbortController();
  #state: RecognitionState | undefined;
  #prompt: PromptHandle | undefined;
  #failedSource: number | undefined;
  #cancelTimer: () => void = () => {};
  #ended: (how: 'completed' | 'failed') => void = () => {};

  constructor(request: RecognizeRequest, surroundings: RecognizeSurroundings) {
    this.#request = request;
    this.#surroundings = surroundings;
    this.kind = surroundings.group ? 'recognizeGroup' : 'recognizeNonGroup';
  }

  start(ended: (how: 'completed' | 'failed') => void): void {
    this.#ended = ended;
    this.#state = beginRecognition(this.#request.rules, this.#surroundings.clock.now());
    if (this.#state.phase === 'prompting') void this.#playPrompt();
    this.#watchDeadline();
  }

  cancel(): void {
    this.drop();
    const { emit } = this.#surroundings;
    emit('RecognizeCanceled', { resultInformation: mediaResults.cancelled }, this.#request.replyTo);
  }

  drop(): void {
    this.#state = undefined;
    this.#cancelTimer();
    this.#stopPrompt();
  }

  keyPressed(rawId: string, tone: Tone): boolean {
    return this.#hear(rawId, { type: 'tone', tone });
  }

  textSaid(rawId: string, text: string): boolean {
    return this.#hear(rawId, { type: 'text', text });
  }

  #hear(rawId: string, input: RecognitionInput): boolean {
    if (rawId !== this.#request.target || this.#state === undefined) return false;
    this.#apply(input);
    return true;
  }

  async #playPrompt(): Promise<void> {
    const { load, player, emit } = this.#surroundings;
    const { prompts, target, tellsStart, replyTo } = this.#request;
    const prompt = await load(prompts, this.#promptOver.signal);
    if (this.#promptOver.signal.aborted) return;
    if (prompt.type === 'failed') {
      this.#failedSource = prompt.index;
      this.#apply({ type: 'promptFailed' });
      return;
    }
    if (tellsStart) emit('PlayStarted', { resultInformation: mediaResults.completed }, replyTo);
    this.#prompt = player.speakToPhones({
      samples: prompt.samples,
      sampleRateHz: prompt.sampleRateHz,
      targets: [target],
      finished: () => this.#apply({ type: 'promptEnded' }),
    });
  }

  #apply(input: RecognitionInput): void {
    if (this.#state === undefined) return;
    const nowMs = this.#surroundings.clock.now();
    this.#state = stepRecognition(this.#state, input, this.#request.rules, nowMs);
    if (this.#state.phase !== 'prompting') this.#stopPrompt();
    if (this.#state.phase === 'ended') this.#end(this.#state.outcome);
    else this.#watchDeadline();
  }

  #watchDeadline(): void {
    this.#cancelTimer();
    const deadlineMs = this.#state && recognitionDeadline(this.#state);
    if (deadlineMs === undefined) return;
    const { clock } = this.#surroundings;
    this.#cancelTimer = clock.after(Math.max(0, deadlineMs - clock.now()), () =>
      this.#apply({ type: 'time' }),
    );
  }

  #end(outcome: RecognitionOutcome): void {
    this.drop();
    this.#tell(outcome);
    this.#ended(outcome.type);
  }

  #tell(outcome: RecognitionOutcome): void {
    const { emit } = this.#surroundings;
    const { replyTo } = this.#request;
    switch (outcome.type) {
      case 'completed':
        emit('RecognizeCompleted', { resultInformation: outcome.result, ...resultMembers(outcome) }, replyTo);
        return;
      case 'failed': {
        const failedSource =
          this.#failedSource === undefined ? {} : { failedPlaySourceIndex: this.#failedSource };
        emit('RecognizeFailed', { resultInformation: outcome.result, ...failedSource }, replyTo);
        return;
      }
    }
  }

  #stopPrompt(): void {
    this.#promptOver.abort();
    this.#prompt?.stop();
  }
}

function resultMembers({
  recognized,
}: RecognitionOutcome & { type: 'completed' }): Readonly<Record<string, unknown>> {
  switch (recognized.type) {
    case 'dtmf':
      return { recognitionType: 'dtmf', dtmfResult: { tones: recognized.tones } };
    case 'choices': {
      const { choice } = recognized;
      const confidence = choice.recognizedPhrase === undefined ? {} : { confidence: CONFIDENCE };
      return { recognitionType: 'choices', choiceResult: { ...choice, ...confidence } };
    }
    case 'speech':
      return {
        recognitionType: 'speech',
        speechResult: { speech: recognized.text, confidence: CONFIDENCE },
      };
  }
}
