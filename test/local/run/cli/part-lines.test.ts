import { describe, expect, it } from 'vitest';
import { CallDisplay } from '../../../../local/run/cli/call-display.ts';
import { PartLines, showing } from '../../../../local/run/cli/part-lines.ts';

const HOST = '2026-12-01T10:00:00.000Z';

describe('a line of a part', () => {
  it.each([
    [
      '{"level":40,"time":1,"pid":7,"hostname":"x","process":"relay","callId":"abc","msg":"late"}',
      'warn',
      'late  callId=abc',
    ],
    [
      '{"level":50,"time":1,"msg":"broken","err":{"message":"why"}}',
      'error',
      'broken  err={"message":"why"}',
    ],
    ['{"level":"warn","message":"no handler","source":"web-pubsub"}', 'warn', 'no handler'],
    ['{"level":30,"msg":"listens"}', 'info', 'listens'],
    ['{"level":30', 'info', '{"level":30'],
    [`${HOST} warn  host something`, 'warn', 'host something'],
    [`${HOST} crit  host something`, 'error', 'host something'],
    [`${HOST} info  host something`, 'info', 'host something'],
    ['ACS: call 1: connected', 'info', 'ACS: call 1: connected'],
    ['TypeError: x is undefined', 'error', 'TypeError: x is undefined'],
  ])('has a level and a text for people: %s', (line, level, text) => {
    expect(new PartLines().read(line)).toEqual({ level, text });
  });

  it('that is indented belongs to the one before', () => {
    const lines = new PartLines();
    lines.read(`${HOST} error host it failed`);
    expect(lines.read('    at somewhere')).toEqual({ level: 'error', text: '    at somewhere' });
    lines.read(`${HOST} info  host fine`);
    expect(lines.read('    more')).toEqual({ level: 'info', text: '    more' });
  });
});

describe('what the parts print', () => {
  const shownBy = (verbose: boolean): string => {
    let written = '';
    const { onLine } = showing(new CallDisplay({ write: (text) => (written += text) }), verbose);
    onLine('relay', '{"level":30,"msg":"listens"}');
    onLine('relay', '{"level":40,"msg":"late"}');
    onLine('worker app', `${HOST} error host it failed\n`.trimEnd());
    onLine('worker app', '    at somewhere');
    return written;
  };

  it('is shown without a flag where it is a warning or an error', () => {
    expect(shownBy(false)).toBe(
      '[relay] warn: late\n[worker app] error: host it failed\n[worker app]     at somewhere\n',
    );
  });

  it('is shown as a whole with --verbose', () => {
    expect(shownBy(true)).toMatch(/^\[relay\] listens\n\[relay\] warn: late\n/);
  });
});
