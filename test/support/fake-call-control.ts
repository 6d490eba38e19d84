import {
  type AnsweredCall,
  type AnswerRequest,
  type CallControl,
  CallControlError,
  type CallControlFailure,
  type StreamingOptions,
} from '../../shared/core/call-control.ts';
import { CONNECTION_ID } from './calls.ts';

type Operation = keyof CallControl;

/** Telephony that notes what it is asked for and fails when told to. */
export class FakeCallControl implements CallControl {
  readonly answers: AnswerRequest[] = [];
  /** Every operation in order, with what it was about. */
  readonly asked: { readonly operation: Operation; readonly about: string; readonly context?: string }[] = [];
  readonly #failures: { operation: Operation; failure: CallControlFailure }[] = [];
  /** Called while ACS works on an answer: what happens in between. */
  duringAnswer: () => Promise<void> = async () => {};

  /** The next time that this is asked for, it fails so. */
  fail(operation: Operation, failure: CallControlFailure): void {
    this.#failures.push({ operation, failure });
  }

  count(operation: Operation): number {
    return this.asked.filter((entry) => entry.operation === operation).length;
  }

  async answer(request: AnswerRequest): Promise<AnsweredCall> {
    this.answers.push(request);
    this.#note('answer', request.incomingCallContext, request.operationContext);
    await this.duringAnswer();
    return { callConnectionId: CONNECTION_ID, correlationId: 'correlation' };
  }

  async reject(incomingCallContext: string): Promise<void> {
    this.#note('reject', incomingCallContext);
  }

  async startMediaStreaming(callConnectionId: string, options?: StreamingOptions): Promise<void> {
    this.#note('startMediaStreaming', callConnectionId, options?.operationContext);
  }

  async stopMediaStreaming(callConnectionId: string, options?: StreamingOptions): Promise<void> {
    this.#note('stopMediaStreaming', callConnectionId, options?.operationContext);
  }

  async hangUp(callConnectionId: string): Promise<void> {
    this.#note('hangUp', callConnectionId);
  }

  #note(operation: Operation, about: string, context?: string): void {
    this.asked.push({ operation, about, ...(context === undefined ? {} : { context }) });
    const index = this.#failures.findIndex((entry) => entry.operation === operation);
    const [failure] = index < 0 ? [] : this.#failures.splice(index, 1);
    if (failure !== undefined) throw new CallControlError(operation, failure.failure);
  }
}
