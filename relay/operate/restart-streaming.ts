import { restartPath } from '../../shared/wire/names.ts';
import { askControlApp } from './ask-control-app.ts';
import type { RestartOutcome } from './drain.ts';

/** Has the streaming of a call restarted. */
export type RestartStreaming = (callId: string, ticket: string) => Promise<RestartOutcome>;

/** `controlUrl` without a slash at its end. What it returns never rejects. */
export function streamingRestarter(controlUrl: string): RestartStreaming {
  return async (callId, ticket) => outcomeOf(await askControlApp(controlUrl + restartPath(callId), ticket));
}

function outcomeOf(status: number | undefined): RestartOutcome {
  if (status === 202) return 'accepted';
  // There is no such call, or it is not streamed: whoever made it so will end the stream.
  return status === 404 || status === 409 ? 'over' : 'failed';
}
