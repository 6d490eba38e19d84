import { pino } from 'pino';
import { Session } from '../../../relay/session/session.ts';
import type { SessionOptions } from '../../../relay/session/session-options.ts';
import type { CallPlan } from '../../../shared/call/plan.ts';
import { PLAN } from '../../support/calls.ts';

/** What a test decides of a session. */
export type NewSession = Partial<Omit<SessionOptions, 'settings'>> &
  Partial<SessionOptions['settings']> &
  Pick<SessionOptions, 'clock' | 'wheel' | 'media' | 'openConnection' | 'openControl'> & {
    readonly plan: Partial<CallPlan>;
    readonly callId?: string;
  };

/**
 * A session of a call with mixed audio and keys. Unless the options say otherwise, it has no jitter buffer, takes no
 * control messages and logs nothing.
 */
export function newSession({ plan, callId = '0123456789abcdef', ...options }: NewSession): Session {
  const { ticketKeys = ['a key that signs nothing'], maxBacklogMs = 1_000 } = options;
  const { jitterBufferMs = 0, playoutLeadMs = 300 } = options;
  return new Session({
    ticket: {
      callId,
      from: '4:+14255550100',
      to: '4:+14255550199',
      plan: { ...PLAN, dtmf: true, workers: [], ...plan },
      issuedAtMs: options.clock.nowMs(),
      ticketKey: 'a key that signs nothing',
      expiresAtMs: options.clock.nowMs() + 3_600_000,
      controlOf: (worker) => ({
        url: 'https://control.example',
        token: `the token of ${worker}`,
        peer: '4:+1',
      }),
    },
    callConnectionId: 'connection-1',
    log: pino({ level: 'silent' }),
    ...options,
    random: () => 1,
    settings: { ticketKeys, maxBacklogMs, jitterBufferMs, playoutLeadMs },
  });
}
