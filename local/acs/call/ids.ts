import { randomBytes, randomUUID } from 'node:crypto';

/** Ids of one call, in the forms that the service uses. */
export interface CallIds {
  /** Our own name of the call on the control surface. */
  readonly id: string;
  readonly serverCallId: string;
  readonly correlationId: string;
  readonly callConnectionId: string;
  /** Opaque to the application and about as long as the real one, so that nobody can put it where only short texts fit. */
  readonly incomingCallContext: string;
}

const CONTEXT_BYTES = 1_200;

export function newCallIds(): CallIds {
  const conversation = randomBytes(16).toString('base64url');
  return {
    id: randomBytes(8).toString('hex'),
    serverCallId: Buffer.from(
      `https://api.flightproxy.skype.com/api/v2/cp/conv-local-01.conv.skype.com/conv/${conversation}?i=10-0-0-1&e=${Date.now()}`,
    ).toString('base64'),
    correlationId: randomUUID(),
    callConnectionId: randomUUID(),
    incomingCallContext: `eyJ${randomBytes(CONTEXT_BYTES).toString('base64url')}`,
  };
}
