import {
  AcsCallError,
  type AcsCallFailure,
  type AcsCalls,
  type AnsweredCall,
  type AnswerRequest,
  type CallProperties,
  type OperationContext,
  type PlaceRequest,
  type StreamingOptions,
} from '../../functions/control/call/acs-port.ts';
import type { CallOperation, OperationAnswer, Participant } from '../../shared/call/operation.ts';
import type { RejectReason } from '../../shared/call/route.ts';
import { CONNECTION_ID } from './calls.ts';

type Method = keyof AcsCalls;

/** Telephony that notes what it is asked for and fails when told to. */
export class FakeAcsCalls implements AcsCalls {
  readonly answers: AnswerRequest[] = [];
  readonly placed: PlaceRequest[] = [];
  readonly operations: { readonly operation: CallOperation; readonly context: OperationContext }[] = [];
  /** Every operation in order, with what it was about. */
  readonly asked: { readonly operation: Method; readonly about: string; readonly context?: string }[] = [];
  readonly #failures: { operation: Method; failure: AcsCallFailure }[] = [];
  /** Called while ACS works on an answer: what happens in between. */
  duringAnswer: () => Promise<void> = async () => {};
  /** What ACS says of each connection; undefined: it does not know it. */
  known: CallProperties | undefined = { state: 'connected', streaming: 'active' };
  /** What ACS answers to the next operations. */
  operationAnswer: OperationAnswer = {};
  people: readonly Participant[] = [];

  /** The next time that this is asked for, it fails so. */
  fail(operation: Method, failure: AcsCallFailure): void {
    this.#failures.push({ operation, failure });
  }

  count(operation: Method): number {
    return this.asked.filter((entry) => entry.operation === operation).length;
  }

  async answer(request: AnswerRequest): Promise<AnsweredCall> {
    this.answers.push(request);
    this.#note('answer', request.incomingCallContext, request.operationContext);
    await this.duringAnswer();
    return { callConnectionId: CONNECTION_ID, correlationId: 'correlation' };
  }

  async reject(incomingCallContext: string, reason: RejectReason): Promise<void> {
    this.#note('reject', incomingCallContext, reason);
  }

  async redirect(incomingCallContext: string, target: string): Promise<void> {
    this.#note('redirect', incomingCallContext, target);
  }

  async place(request: PlaceRequest): Promise<AnsweredCall> {
    this.placed.push(request);
    this.#note('place', request.to, request.operationContext);
    await this.duringAnswer();
    return { callConnectionId: CONNECTION_ID, serverCallId: 'server', correlationId: 'correlation' };
  }

  async startMediaStreaming(callConnectionId: string, options?: StreamingOptions): Promise<void> {
    this.#note('startMediaStreaming', callConnectionId, options?.operationContext);
  }

  async stopMediaStreaming(callConnectionId: string, options?: StreamingOptions): Promise<void> {
    this.#note('stopMediaStreaming', callConnectionId, options?.operationContext);
  }

  async hangUp(callConnectionId: string, forEveryone: boolean): Promise<void> {
    this.#note('hangUp', callConnectionId, forEveryone ? undefined : 'for the application alone');
  }

  async operate(
    callConnectionId: string,
    operation: CallOperation,
    context: OperationContext,
  ): Promise<OperationAnswer> {
    this.operations.push({ operation, context });
    this.#note('operate', callConnectionId, operation.type);
    return this.operationAnswer;
  }

  async participants(callConnectionId: string): Promise<readonly Participant[]> {
    this.#note('participants', callConnectionId);
    return this.people;
  }

  async properties(callConnectionId: string): Promise<CallProperties | undefined> {
    this.#note('properties', callConnectionId);
    return this.known;
  }

  #note(operation: Method, about: string, context?: string): void {
    this.asked.push({ operation, about, ...(context === undefined ? {} : { context }) });
    const index = this.#failures.findIndex((entry) => entry.operation === operation);
    const [failure] = index < 0 ? [] : this.#failures.splice(index, 1);
    if (failure !== undefined) throw new AcsCallError(operation, failure.failure);
  }
}
