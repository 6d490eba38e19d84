import { describe, expect, it } from 'vitest';
import { EventLog } from '../../../../../local/emulators/acs/events/event-log.ts';
import { ManualClock } from '../../../../support/manual-clock.ts';

describe('the event log', () => {
  it('writes JSON lines with the time since it began', () => {
    const clock = new ManualClock();
    const lines: string[] = [];
    const log = new EventLog(clock, (line) => lines.push(line));
    log.record({ kind: 'rest', operation: 'answerCall', status: 200 });
    clock.advance(25);
    log.record({ kind: 'call', id: 'c', outcome: undefined });
    log.flush();
    expect(lines).toEqual([
      '{"atMs":0,"kind":"rest","operation":"answerCall","status":200}',
      '{"atMs":25,"kind":"call","id":"c"}',
    ]);
  });

  it('sorts what happens within one millisecond, and keeps nothing back for longer', () => {
    const clock = new ManualClock();
    const lines: string[] = [];
    const log = new EventLog(clock, (line) => lines.push(line));
    log.record({ kind: 'rest', operation: 'b' });
    log.record({ kind: 'callback', id: 'a' });
    expect(lines).toEqual([]);
    clock.advance(1);
    expect(lines.map((line) => JSON.parse(line).kind)).toEqual(['callback', 'rest']);
    log.record({ kind: 'call', id: 'later' });
    log.flush();
    log.flush();
    expect(lines).toHaveLength(3);
    expect(clock.pending()).toEqual([]);
  });
});
