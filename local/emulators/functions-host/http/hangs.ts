import type { ServerResponse } from 'node:http';
import { answerAndClose } from '../../common/answer.ts';
import type { CoreApp } from '../app/core-app.ts';

/** In the log beside each request that will have no answer. */
export const HANG_SIGN = 'hangs, as it would in Azure: ';

export interface HangingRequest {
  readonly functionName: string;
  readonly invocationId: string;
  readonly response: ServerResponse;
}

/**
 * Says why a request will not be answered, or no further. Its client waits until it leaves. A strict host answers 502
 * with the reason instead, or cuts an answer off that has begun, so that nobody waits for what cannot come.
 */
export function hangs(
  app: Pick<CoreApp, 'log'>,
  isStrict: boolean,
): (request: HangingRequest, reason: string) => void {
  return ({ response, ...origin }, reason) => {
    if (response.writableEnded || response.destroyed) return;
    const message = `the request ${HANG_SIGN}${reason}`;
    app.log({ level: 'warning', category: 'system', message, ...origin });
    if (!isStrict) return;
    if (response.headersSent) response.destroy();
    else answerAndClose(response, 502, `the function ${origin.functionName} ${HANG_SIGN}${reason}`);
  };
}
