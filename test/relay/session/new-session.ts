import { pino } from 'pino';
import { Session } from '../../../relay/session/session.ts';
import type { SessionOptions } from '../../../relay/session/session-options.ts';
import type { CallPlan } from '../../../shared/call/plan.ts';
import { PLAN } from '../../support/calls.ts';

/** What a test decides of a session. */
export type NewSession = Partial<SessionOptions> &
  Pick<SessionOptions, 'clock' | 'wheel' | 'socket' | 'openConnection' | 'openControl'> & {
    readonly plan: Partial<CallPlan>;
    readonly callId?: string;
  };

/** A session of a call with mixed audio and keys; no playout waits for more, nobody may send it control messages, and it logs nothing, unless it is told to. */
export function newSession({ plan, callId = '0123456789abcdef', ...options }: NewSession): Session {
  return new Session({
    ticket: {
      callId,
      from: '4:+14255550100',
      to: '4:+14255550199',
      plan: { ...PLAN, dtmf: true, workers: [], ...plan },
      expiresAtMs: options.clock.nowMs() + 3_600_000,
    },
    callConnectionId: 'connection-1',
    controlKeys: [],
    maxBacklogMs: 1_000,
    jitterBufferMs: 0,
    playoutLeadMs: 300,
    random: () => 1,
    log: pino({ level: 'silent' }),
    ...options,
  });
}
