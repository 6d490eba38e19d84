import type { CallOperationType } from '../../../shared/call/operation.ts';

/**
 * An operation that was requested on a call, and its result.
 *
 * ```
 *  pending ── result, or the answer where no result follows ──▶ succeeded | failed
 *          ── no answer, the call ends, nothing is heard ─────▶ failed ── late result ──▶ succeeded | failed
 *  succeeded ── HoldFailed ──▶ failed
 * ```
 *
 * No other transition exists: the result of an operation counts once.
 */
export interface OperationRecord {
  /** Also the operation context that ACS returns in its events. */
  readonly id: string;
  readonly type: CallOperationType;
  readonly state: 'pending' | 'succeeded' | 'failed';
  readonly requestedAtMs: number;
  readonly settledAtMs?: number;
  /** `failed`: why. */
  readonly reason?: string;
  /** `failed`: we only assume it, so a later result still counts. */
  readonly assumed?: true;
  /** `addParticipant`: the id of the invitation at ACS. */
  readonly invitationId?: string;
}

interface OperationOutcome {
  readonly state: 'succeeded' | 'failed';
  readonly reason?: string;
  readonly assumed?: boolean;
}

/** Operations that a call remembers. A new one replaces the oldest settled one. */
const MAX_OPERATIONS = 32;

/**
 * An operation without a result is given up after this long. It is longer than a telephone rings, so that every
 * result comes first.
 */
export const OPERATION_LIMIT_MS = 300_000;

interface EventResult {
  /** The operations that the event may be about. */
  readonly of: readonly CallOperationType[];
  readonly state: 'succeeded' | 'failed';
}

const succeeded = (...of: CallOperationType[]): EventResult => ({ of, state: 'succeeded' });
const failed = (...of: CallOperationType[]): EventResult => ({ of, state: 'failed' });

/** The events of ACS that report the result of an operation, without `Microsoft.Communication.`. */
export const OPERATION_RESULTS = {
  CallTransferAccepted: succeeded('transfer'),
  CallTransferFailed: failed('transfer'),
  AddParticipantSucceeded: succeeded('addParticipant'),
  AddParticipantFailed: failed('addParticipant'),
  CancelAddParticipantSucceeded: succeeded('cancelAddParticipant'),
  CancelAddParticipantFailed: failed('cancelAddParticipant'),
  RemoveParticipantSucceeded: succeeded('removeParticipant'),
  RemoveParticipantFailed: failed('removeParticipant'),
  SendDtmfTonesCompleted: succeeded('sendDtmf'),
  SendDtmfTonesFailed: failed('sendDtmf'),
  PlayCompleted: succeeded('play'),
  PlayFailed: failed('play', 'hold'),
  PlayCanceled: failed('play'),
  RecognizeCompleted: succeeded('recognize'),
  RecognizeFailed: failed('recognize'),
  RecognizeCanceled: failed('recognize'),
  HoldFailed: failed('hold'),
  StartRecordingFailed: failed('startRecording'),
  TranscriptionStarted: succeeded('startTranscription'),
  TranscriptionStopped: succeeded('stopTranscription'),
  TranscriptionFailed: failed('startTranscription', 'stopTranscription'),
} as const satisfies Record<string, EventResult>;

export type OperationResultType = keyof typeof OPERATION_RESULTS;

/** Operations that are complete once ACS has accepted them. */
const DONE_WHEN_ANSWERED: ReadonlySet<CallOperationType> = new Set([
  'muteParticipant',
  'hold',
  'unhold',
  'cancelMedia',
  'startRecording',
  'pauseRecording',
  'resumeRecording',
  'stopRecording',
]);

export function isDoneWhenAnswered(type: CallOperationType): boolean {
  return DONE_WHEN_ANSWERED.has(type);
}

export type Ledger = readonly OperationRecord[];

/**
 * The ledger with a new pending operation; undefined if there is no room. An id that is already listed changes
 * nothing.
 */
export function addOperation(
  ledger: Ledger,
  operation: Pick<OperationRecord, 'id' | 'type'>,
  nowMs: number,
): Ledger | undefined {
  if (ledger.some(({ id }) => id === operation.id)) return ledger;
  const { id, type } = operation;
  const added: OperationRecord = { id, type, state: 'pending', requestedAtMs: nowMs };
  if (ledger.length < MAX_OPERATIONS) return [...ledger, added];
  const settled = ledger.findIndex(({ state }) => state !== 'pending');
  return settled < 0 ? undefined : [...ledger.filter((_, index) => index !== settled), added];
}

/** The ledger after the result of one operation; the same ledger if the result changes nothing. */
export function settleOperation(
  ledger: Ledger,
  id: string,
  outcome: OperationOutcome,
  nowMs: number,
): Ledger {
  return change(ledger, (record) =>
    record.id === id && canSettle(record, outcome) ? settled(record, outcome, nowMs) : record,
  );
}

/** Like `settleOperation`, for the pending operations of a type if the result does not name one. */
export function settlePending(
  ledger: Ledger,
  type: CallOperationType,
  outcome: OperationOutcome,
  nowMs: number,
): Ledger {
  return change(ledger, (record) =>
    record.type === type && record.state === 'pending' ? settled(record, outcome, nowMs) : record,
  );
}

/** Records the invitation of an operation, so that it can be cancelled. */
export function noteInvitation(ledger: Ledger, id: string, invitationId: string): Ledger {
  return change(ledger, (record) =>
    record.id === id && record.invitationId === undefined ? { ...record, invitationId } : record,
  );
}

/** An invitation was cancelled: its operation gets no other result. */
export function cancelInvitation(ledger: Ledger, invitationId: string, nowMs: number): Ledger {
  return change(ledger, (record) =>
    record.invitationId === invitationId && record.state === 'pending'
      ? settled(record, { state: 'failed', reason: 'cancelled' }, nowMs)
      : record,
  );
}

/** The call has ended, and so have its pending operations. */
export function endOperations(ledger: Ledger, nowMs: number): Ledger {
  return change(ledger, (record) =>
    record.state === 'pending'
      ? settled(record, { state: 'failed', reason: 'the call ended', assumed: true }, nowMs)
      : record,
  );
}

/** Gives up operations without a result. Audio may play for any length of time, so `play` is exempt. */
export function giveUpOperations(ledger: Ledger, nowMs: number): Ledger {
  return change(ledger, (record) =>
    record.state === 'pending' && record.type !== 'play' && nowMs - record.requestedAtMs >= OPERATION_LIMIT_MS
      ? settled(record, { state: 'failed', reason: 'nothing was heard of it', assumed: true }, nowMs)
      : record,
  );
}

export function isPending(ledger: Ledger, type: CallOperationType): boolean {
  return ledger.some((record) => record.type === type && record.state === 'pending');
}

function canSettle({ state, type, assumed }: OperationRecord, outcome: OperationOutcome): boolean {
  switch (state) {
    case 'pending':
      return true;
    case 'succeeded':
      // ACS accepts a hold immediately and may report later that it failed.
      return type === 'hold' && outcome.state === 'failed';
    case 'failed':
      return assumed === true;
  }
}

function settled(
  record: OperationRecord,
  { state, reason, assumed }: OperationOutcome,
  nowMs: number,
): OperationRecord {
  const { reason: _reason, assumed: _assumed, ...rest } = record;
  return {
    ...rest,
    state,
    settledAtMs: nowMs,
    ...(reason === undefined ? {} : { reason }),
    ...(assumed === true ? { assumed } : {}),
  };
}

/** The same ledger, not a copy, if no record changes. */
function change(ledger: Ledger, by: (record: OperationRecord) => OperationRecord): Ledger {
  const next = ledger.map(by);
  return next.every((record, index) => record === ledger[index]) ? ledger : next;
}
