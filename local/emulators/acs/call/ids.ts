import type { Random } from '../../common/random.ts';

/** Ids of one call, in the forms that the service uses. */
export interface CallIds {
  /** Our own name of the call on the control surface. */
  readonly id: string;
  readonly serverCallId: string;
  readonly correlationId: string;
  readonly callConnectionId: string;
  /**
   * Opaque to the application and about as long as the real one, so that nobody can put it where only short texts fit.
   */
  readonly incomingCallContext: string;
}

const CONTEXT_BYTES = 1_200;

/** New ids; the same ones where chance and time are the same. */
export function newCallIds(random: Random, nowMs: number): CallIds {
  const conversation = random.bytes(16).toString('base64url');
  return {
    id: random.bytes(8).toString('hex'),
    serverCallId: Buffer.from(
      `https://api.flightproxy.skype.com/api/v2/cp/conv-local-01.conv.skype.com/conv/${conversation}?i=10-0-0-1&e=${nowMs}`,
    ).toString('base64'),
    correlationId: random.uuid(),
    callConnectionId: random.uuid(),
    incomingCallContext: `eyJ${random.bytes(CONTEXT_BYTES).toString('base64url')}`,
  };
}
