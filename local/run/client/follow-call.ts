/** Follows a call of the ACS emulator to its end, and the control app's row of it. */
import type { CallReport as TelephoneReport } from '../../emulators/acs/control/call-report.ts';
import { askRepeatedly } from './ask-repeatedly.ts';
import { ControlApi, type ProductCall } from './control-api.ts';
import type { RunningSystem } from './running-system.ts';
import { Telephone } from './telephone.ts';

export interface FollowedCall {
  readonly telephone: TelephoneReport;
  /** Absent where the control app never had a live call with this connection. */
  readonly product: ProductCall | undefined;
}

interface FollowOptions {
  /** How long the answer may take, and the end. */
  readonly limitMs: number;
  /** Sees the call four times a second. */
  readonly onLook?: (call: TelephoneReport) => void;
  readonly onAnswered?: (call: TelephoneReport) => void;
}

const FIND_ATTEMPTS = 20;

/** Resolves once the call has ended. @throws Error when it is not answered, or does not end, in time */
export async function followCall(
  system: RunningSystem,
  id: string,
  options: FollowOptions,
): Promise<FollowedCall> {
  const { limitMs, onLook, onAnswered } = options;
  const telephone = new Telephone(system);
  const control = new ControlApi(system);
  const answered = await telephone.waitFor(id, 'the answer', isAnsweredOrOver, limitMs, onLook);
  onAnswered?.(answered);
  // The control app lists live calls only, so its name of the call is asked for while the call lasts.
  const product = await findProductCall(control, answered);
  await telephone.waitFor(id, 'the end of the call', isOver, limitMs, onLook);
  const ended = product && (await endedProductCall(control, product.callId));
  // Asked again: the last events of a call come a moment after its end.
  return { telephone: await telephone.call(id), product: ended };
}

export function isOver({ state }: TelephoneReport): boolean {
  return state === 'disconnected';
}

export function isAnsweredOrOver(call: TelephoneReport): boolean {
  return call.state === 'connected' || isOver(call);
}

/** The connection id reaches the control app a moment after the answer; a call not listed by then is not its own. */
export async function findProductCall(
  control: ControlApi,
  { callConnectionId: id }: TelephoneReport,
): Promise<ProductCall | undefined> {
  if (id === undefined) return undefined;
  return await askRepeatedly(
    FIND_ATTEMPTS,
    () => control.findLive(id),
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
