import { describe, expect, it } from 'vitest';
import { callStarted } from '../../../relay/session/call-started.ts';
import type { StreamFacts } from '../../../relay/session/session-options.ts';
import { parseLaneEvent } from '../../../shared/wire/lane/worker-messages.ts';

const FIRST: StreamFacts = {
  ticket: {
    callId: '0123456789abcdef',
    from: '4:+14255550100',
    to: '4:+14255550199',
    plan: { format: 'pcm24KMono', channels: 'unmixed', startStreaming: true, dtmf: true, workers: [] },
    issuedAtMs: 0,
    ticketKey: 'a key that signs nothing',
    expiresAtMs: 1_000,
  },
  callConnectionId: 'connection-1',
};
const WORKER: Parameters<typeof callStarted>[1] = {
  worker: 'echo',
  turn: 3,
  listen: { mode: 'chunk', ms: 100 },
  participants: [{ ssrc: 1, rawId: '4:+1' }],
};

describe('What a worker is told of its call', () => {
  it('is who is on it, how it is heard, and nothing that is not known', () => {
    const told = callStarted(FIRST, WORKER);
    expect(told).toEqual({
      type: 'call.started',
      callId: '0123456789abcdef',
      callConnectionId: 'connection-1',
      from: '4:+14255550100',
      to: '4:+14255550199',
      format: 'pcm24KMono',
      listen: 'chunk',
      participants: [{ ssrc: 1, rawId: '4:+1' }],
      turn: 3,
    });
    expect(Object.keys(told), 'what is absent is not there as undefined either').not.toContain('control');
  });

  it('has the token of this worker and its correlation where there are such, and reads as the event that workers know', () => {
    const control = { url: 'https://control.example', token: 'the token of echo', peer: '4:+14255550100' };
    const controlOf = (worker: string) => ({ ...control, token: `the token of ${worker}` });
    const facts = { ...FIRST, correlationId: 'correlation-1', ticket: { ...FIRST.ticket, controlOf } };
    const told = callStarted(facts, WORKER);
    expect(told).toMatchObject({ control, correlationId: 'correlation-1' });
    expect(parseLaneEvent(JSON.parse(JSON.stringify(told)))).toEqual(told);
  });

  it('says that audio was lost when the stream is not the first of its call', () => {
    const later = { ...FIRST, handover: { streams: 1, workers: [], lanes: {} } };
    expect(callStarted(later, WORKER)).toMatchObject({
      resumed: true,
      discontinuity: true,
    });
  });
});
