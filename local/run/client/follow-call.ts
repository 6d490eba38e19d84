/** Follows a call of the ACS emulator to its end, and the control app's row of it. */
import type { CallReport as TelephoneReport } from '../../emulators/acs/control/call-report.ts';
import { askRepeatedly } from './ask-repeatedly.ts';
import { ControlApi, type ProductCall } from './control-api.ts';
import type { RunningSystem } from './running-system.ts';
import { Telephone } from './telephone.ts';

export interface FollowedCall {
  readonly telephone: TelephoneReport;
  /** Absent where the control app has no such call: no route of it was for the call. */
  readonly product: ProductCall | undefined;
}

export interface FollowOptions {
  /** How long the answer may take, and the end. */
  readonly limitMs: number;
  /** Sees the call four times a second. */
  readonly onLook?: (call: TelephoneReport) => void;
  readonly onAnswered?: (call: TelephoneReport) => void;
  /** The control app knows the call. */
  readonly onFound?: (call: TelephoneReport, product: ProductCall) => void;
}

const FIND_ATTEMPTS = 20;
/** A call that nobody answered was taken by the control app while it rang, or not at all. */
const FIND_UNANSWERED_ATTEMPTS = 3;

/** Resolves once the call has ended. @throws Error when it is not answered, or does not end, in time */
export async function followCall(
  system: RunningSystem,
  id: string,
  options: FollowOptions,
): Promise<FollowedCall> {
  const { limitMs, onLook, onAnswered, onFound } = options;
  const telephone = new Telephone(system);
  const control = new ControlApi(system);
  const answered = await telephone.waitFor(id, 'the answer', isAnsweredOrOver, limitMs, onLook);
  onAnswered?.(answered);
  const product = await findProductCall(control, answered);
  if (product !== undefined) onFound?.(answered, product);
  await telephone.waitFor(id, 'the end of the call', isDisconnected, limitMs, onLook);
  const ended = product && (await endedProductCall(control, product.callId));
  // Asked again: the last events of a call come a moment after its end.
  return { telephone: await telephone.call(id), product: ended };
}

export function isDisconnected({ state }: TelephoneReport): boolean {
  return state === 'disconnected';
}

export function isAnsweredOrOver(call: TelephoneReport): boolean {
  return call.state === 'connected' || isDisconnected(call);
}

/** A call that the control app does not list by then is not its own. */
export function findProductCall(
  control: ControlApi,
  { correlationId, callConnectionId }: TelephoneReport,
): Promise<ProductCall | undefined> {
  return askRepeatedly(
    callConnectionId === undefined ? FIND_UNANSWERED_ATTEMPTS : FIND_ATTEMPTS,
    () => control.find(correlationId),
    (found) => found !== undefined,
  );
}

/** The last callback reaches the control app a moment after the call's end. */
function endedProductCall(control: ControlApi, callId: string): Promise<ProductCall | undefined> {
  return askRepeatedly(
    FIND_ATTEMPTS,
    () => control.call(callId),
    (call) => call?.state === 'ended',
  );
}
