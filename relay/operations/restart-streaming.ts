/** Asks the control app to restart the streaming of a call. The call's own ticket is the proof. */
import { restartPath } from '../../shared/protocol/names.ts';
import type { RestartOutcome } from './drain.ts';

const REQUEST_LIMIT_MS = 5_000;

export type RestartStreaming = (callId: string, ticket: string) => Promise<RestartOutcome>;

/** `controlUrl` without a slash at its end. What it returns never rejects. */
export function streamingRestarter(controlUrl: string): RestartStreaming {
  return async (callId, ticket) => {
    try {
      const response = await fetch(controlUrl + restartPath(callId), {
        method: 'POST',
        headers: { authorization: `Bearer ${ticket}` },
        signal: AbortSignal.timeout(REQUEST_LIMIT_MS),
      });
      await response.body?.cancel();
      return outcomeOf(response.status);
    } catch {
      return 'failed';
    }
  };
}

function outcomeOf(status: number): RestartOutcome {
  if (status === 202) return 'accepted';
  // There is no such call, or it is not streamed: whoever made it so will end the stream.
  return status === 404 || status === 409 ? 'over' : 'failed';
}
