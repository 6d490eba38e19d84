import type { Callback } from '../../../../functions/control/call/event.ts';
import type { CallRefusal, CallStep } from '../../../../functions/control/call/model.ts';
import type { CallOperationType } from '../../../../shared/call/operation.ts';
import type { CallPhase } from '../../../../shared/call/states.ts';

interface ReferenceOperation {
  readonly type: CallOperationType;
  readonly askedAtMs: number;
  state: 'pending' | 'succeeded' | 'failed';
  /** Failed for want of news. */
  assumed: boolean;
  invitationId?: string;
}

/** What the events are about and what they say, written down a second time, from what Call Automation documents. */
const SUCCESS: Readonly<Record<string, CallOperationType>> = {
  CallTransferAccepted: 'transfer',
  AddParticipantSucceeded: 'addParticipant',
  CancelAddParticipantSucceeded: 'cancelAddParticipant',
  RemoveParticipantSucceeded: 'removeParticipant',
  SendDtmfTonesCompleted: 'sendDtmf',
  PlayCompleted: 'play',
  RecognizeCompleted: 'recognize',
  TranscriptionStarted: 'startTranscription',
  TranscriptionStopped: 'stopTranscription',
};

const FAILURE: Readonly<Record<string, readonly CallOperationType[]>> = {
  CallTransferFailed: ['transfer'],
  AddParticipantFailed: ['addParticipant'],
  CancelAddParticipantFailed: ['cancelAddParticipant'],
  RemoveParticipantFailed: ['removeParticipant'],
  SendDtmfTonesFailed: ['sendDtmf'],
  PlayFailed: ['play', 'hold'],
  PlayCanceled: ['play'],
  RecognizeFailed: ['recognize'],
  RecognizeCanceled: ['recognize'],
  HoldFailed: ['hold'],
  StartRecordingFailed: ['startRecording'],
  TranscriptionFailed: ['startTranscription', 'stopTranscription'],
};

const AT_ONCE: readonly CallOperationType[] = ['muteParticipant', 'hold', 'unhold', 'cancelMedia'];

/** The events that tell how an operation of a type went. */
export function resultsOf(type: CallOperationType): string[] {
  const successes = Object.keys(SUCCESS).filter((kind) => SUCCESS[kind] === type);
  return [...successes, ...Object.keys(FAILURE).filter((kind) => FAILURE[kind]?.includes(type))];
}

const FORGOTTEN_MS = 300_000;

const THE_END = ['CallDisconnected', 'AnswerFailed', 'CreateCallFailed'];

export interface Verdict {
  readonly ignored?: CallStep['ignored'];
  readonly refusal?: CallRefusal;
}

/**
 * A call as simply as it can be told: its phase, its connection, what was asked about it and what came of that.
 * Streaming, recording and transcription are left out: they have tests of their own.
 */
export class ReferenceCall {
  phase: CallPhase;
  connection: string | undefined;
  readonly operations = new Map<string, ReferenceOperation>();
  readonly #seen = new Set<string>();
  /** It ended by an event, and nobody has asked ACS since. */
  #isUnconfirmed = false;

  readonly #direction: 'inbound' | 'outbound';

  /** @param connection of a call that is connected already. */
  constructor(direction: 'inbound' | 'outbound', connection?: string) {
    this.#direction = direction;
    this.connection = connection;
    const begin = direction === 'inbound' ? 'ringing' : 'placing';
    this.phase = connection === undefined ? begin : 'connected';
  }

  /** ACS has answered a call that came in, or placed one. */
  takenOn(direction: 'inbound' | 'outbound', connection: string): void {
    if (direction !== this.#direction) return;
    if (this.phase === 'ringing') this.phase = 'answering';
    if (this.phase === 'ended' && this.connection === undefined) this.phase = 'ending';
    this.connection ??= connection;
  }

  placeFailed(): void {
    if (this.phase === 'ended' || this.phase === 'connected' || this.#direction === 'inbound') return;
    if (this.connection === undefined) this.#end();
    else this.phase = 'ending';
  }

  hangUp(): Verdict {
    switch (this.phase) {
      case 'ended':
        return { refusal: 'call-ended' };
      case 'ringing':
      case 'answering':
        return { refusal: 'call-not-connected' };
      case 'placing':
        this.phase = 'ending';
        return {};
      case 'ending':
      case 'connected':
        return {};
    }
  }

  gone(): void {
    this.#isUnconfirmed = false;
    if (this.phase !== 'ended') this.#end();
  }

  observedConnected(): void {
    if (this.connection === undefined) return;
    // An event has said that it is over, and it is not.
    if (this.phase === 'ended' && this.#isUnconfirmed) {
      this.#isUnconfirmed = false;
      this.phase = 'connected';
    }
    if (this.phase === 'ringing' || this.phase === 'answering' || this.phase === 'placing')
      this.phase = 'connected';
  }

  /** Somebody looks after what was left behind. */
  tick(nowMs: number): void {
    if (this.phase !== 'connected') return;
    for (const operation of this.operations.values())
      if (operation.type !== 'play' && nowMs - operation.askedAtMs >= FORGOTTEN_MS) this.#forget(operation);
  }

  /** The time is over in which a call has to be connected. */
  setupIsOver(): void {
    switch (this.phase) {
      case 'ringing':
      case 'answering':
      case 'placing':
        if (this.connection === undefined) this.#end();
        else this.phase = 'ending';
        return;
      case 'ending':
        if (this.connection === undefined) this.#end();
        return;
      case 'connected':
      case 'ended':
        return;
    }
  }

  request(id: string, type: CallOperationType, nowMs: number): Verdict {
    if (this.phase === 'ended') return { refusal: 'call-ended' };
    if (this.phase !== 'connected') return { refusal: 'call-not-connected' };
    const transfers = [...this.operations.values()].filter((one) => one.type === 'transfer');
    if (type === 'transfer' && transfers.some(({ state }) => state === 'pending'))
      return { refusal: 'transfer-under-way' };
    this.operations.set(id, { type, askedAtMs: nowMs, state: 'pending', assumed: false });
    return {};
  }

  answered(id: string, invitationId: string | undefined): void {
    const operation = this.operations.get(id);
    if (operation === undefined || this.phase === 'ended') return;
    if (invitationId !== undefined) operation.invitationId ??= invitationId;
    if (AT_ONCE.includes(operation.type)) this.#settle(operation, 'succeeded');
  }

  refused(id: string, assumed: boolean): void {
    const operation = this.operations.get(id);
    if (operation === undefined || this.phase === 'ended') return;
    // Taken on and refused as well is nonsense: the first counts.
    if (operation.state === 'succeeded') return;
    if (this.#settle(operation, 'failed')) operation.assumed = assumed;
  }

  callback(event: Callback): Verdict {
    const { id, kind, callConnectionId } = event;
    if (kind === 'other') return this.phase === 'ended' ? { ignored: 'call ended' } : {};
    if (this.#seen.has(id)) return { ignored: 'duplicate' };
    if (this.connection !== undefined && callConnectionId !== this.connection)
      return { ignored: 'another connection' };
    if (this.phase === 'ended') return this.#late(event);
    this.#seen.add(id);
    this.connection ??= callConnectionId;
    if (kind === 'CallConnected') {
      if (this.phase !== 'ending') this.phase = 'connected';
    } else if (kind === 'CallDisconnected' || (THE_END.includes(kind) && this.phase !== 'connected')) {
      this.#end();
      this.#isUnconfirmed = this.connection !== undefined;
    } else if (isResult(kind)) {
      const { isKnown, changed } = this.#result(event);
      return isKnown || changed || kind.startsWith('Transcription') ? {} : { ignored: 'unknown operation' };
    }
    return {};
  }

  #late(event: Callback): Verdict {
    const { id, kind, callConnectionId } = event;
    if (this.connection === undefined && callConnectionId !== undefined) {
      this.connection = callConnectionId;
      this.#seen.add(id);
      if (THE_END.includes(kind)) return { ignored: 'call ended' };
      this.phase = 'ending';
      return {};
    }
    return isResult(kind) && this.#result(event).changed ? {} : { ignored: 'call ended' };
  }

  /** The result of an operation, by its context. */
  #result({ kind, operationId = '', invitationId }: Callback): { isKnown: boolean; changed: boolean } {
    const state = SUCCESS[kind] === undefined ? 'failed' : 'succeeded';
    const about = [SUCCESS[kind], ...(FAILURE[kind] ?? [])];
    const operation = this.operations.get(operationId);
    const isKnown = operation !== undefined && about.includes(operation.type);
    let changed = isKnown && this.#settle(operation, state);
    for (const other of this.operations.values()) {
      if (other.state !== 'pending') continue;
      const stops = kind === 'TranscriptionStopped' && other.type === 'stopTranscription';
      const isCancelled =
        kind === 'CancelAddParticipantSucceeded' &&
        invitationId !== undefined &&
        other.invitationId === invitationId;
      if (stops) changed = this.#settle(other, 'succeeded') || changed;
      if (isCancelled) changed = this.#settle(other, 'failed') || changed;
    }
    return { isKnown, changed };
  }

  #settle(operation: ReferenceOperation, state: 'succeeded' | 'failed'): boolean {
    const isOpen = operation.state === 'pending' || operation.assumed;
    const breaks = operation.type === 'hold' && operation.state === 'succeeded' && state === 'failed';
    if (!isOpen && !breaks) return false;
    operation.state = state;
    operation.assumed = false;
    return true;
  }

  #end(): void {
    this.phase = 'ended';
    for (const operation of this.operations.values()) this.#forget(operation);
  }

  #forget(operation: ReferenceOperation): void {
    if (operation.state !== 'pending') return;
    operation.state = 'failed';
    operation.assumed = true;
  }
}

function isResult(kind: string): boolean {
  return SUCCESS[kind] !== undefined || FAILURE[kind] !== undefined;
}
