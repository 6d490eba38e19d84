import {
  CONFIRM_LIMIT_MS,
  enter,
  failAndRetry,
  type Streaming,
  type StreamingStep,
  startAgain,
} from './streaming.ts';

interface ObservedStreaming {
  /** What ACS said. */
  readonly active: boolean;
  /** When we asked. */
  readonly askedAtMs: number;
  /** A relay says that the stream is over: events about it are not awaited. */
  readonly hasEnded: boolean;
  /** Whether the call goes on, so that a restart makes sense. */
  readonly retry: boolean;
}

/**
 * Makes our state agree with what ACS says if events are missing: lost, or never sent because our request was lost.
 * We request again what was requested, and accept a stream that runs.
 *
 * ```
 *              ACS: active                       ACS: inactive
 *  inactive    active                            –
 *  starting    active                            failed, with its retries
 *  active      –                                 failed, with its retries
 *  stopping    stop again                        inactive; a restart: starting
 *  failed      active                            –
 *  abandoned   stop again                        –
 * ```
 *
 * A state that began less than CONFIRM_LIMIT_MS before we asked is left alone, since its event may still come.
 */
export function observeStreaming(
  streaming: Streaming,
  { active, askedAtMs, hasEnded, retry }: ObservedStreaming,
  nowMs: number,
): StreamingStep {
  const settlesMs = hasEnded && streaming.state === 'active' ? 0 : CONFIRM_LIMIT_MS;
  if (askedAtMs - streaming.sinceMs < settlesMs) return { streaming, commands: [] };
  switch (streaming.state) {
    case 'inactive':
    case 'failed':
      if (streaming.abandoned && streaming.requestId !== undefined)
        return {
          streaming,
          commands: active ? [{ type: 'stopMediaStreaming', id: streaming.requestId }] : [],
        };
      return { streaming: active ? enter(streaming, 'active', nowMs) : streaming, commands: [] };
    case 'starting':
      return active
        ? { streaming: enter(streaming, 'active', nowMs), commands: [] }
        : lost(streaming, 'it did not start', retry, nowMs);
    case 'active':
      return active
        ? { streaming, commands: [] }
        : lost(streaming, 'it ended without an event', retry, nowMs);
    case 'stopping': {
      const id = streaming.requestId ?? `stop-${streaming.sinceMs}`;
      if (active)
        return {
          streaming: { ...streaming, sinceMs: nowMs, requestId: id },
          commands: [{ type: 'stopMediaStreaming', id }],
        };
      return streaming.restart && retry
        ? startAgain(streaming, nowMs)
        : { streaming: enter(streaming, 'inactive', nowMs), commands: [] };
    }
  }
}

function lost(streaming: Streaming, reason: string, retry: boolean, nowMs: number): StreamingStep {
  if (retry) return failAndRetry(streaming, reason, nowMs);
  return { streaming: { ...enter(streaming, 'failed', nowMs), reason }, commands: [] };
}
