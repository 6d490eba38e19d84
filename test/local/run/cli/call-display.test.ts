import { describe, expect, it } from 'vitest';
import type { CallReport } from '../../../../local/emulators/acs/control/call-report.ts';
import { CallDisplay } from '../../../../local/run/cli/call-display.ts';

const CALL_ID = 'zl7xs2egphjom7bz6zedd32ncjl6dosm';

function call(id: string, state = 'connected'): CallReport {
  return {
    id,
    state,
    from: '4:+14255550199',
    to: '4:+14255550100',
    ringingAt: '2026-12-01T00:00:00.000Z',
    transcript: [],
    levels: { saidDbfs: -10, heardDbfs: -20 },
  } as unknown as CallReport;
}

function screen(isTTY: boolean, columns?: number) {
  const written: string[] = [];
  const display = new CallDisplay({
    isTTY,
    ...(columns === undefined ? {} : { columns }),
    write: (text) => written.push(text.replace('\r\u001b[2K', '')),
  });
  return { display, written };
}

describe('calls on the terminal', () => {
  it('are named by the id of the API: whole when they begin, then by its beginning', () => {
    const { display, written } = screen(false);
    display.show([call('emulated', 'ringing')]);
    display.begin(call('emulated'), CALL_ID);
    display.begin(call('emulated'), CALL_ID);
    display.show([call('emulated')]);
    expect(written).toEqual([
      'call +14255550199 → +14255550100  ringing\n',
      `call ${CALL_ID}  from +14255550199 to +14255550100\n`,
      'call zl7xs2eg  connected\n',
    ]);
  });

  it.each([40, 80, 120, undefined])(
    'never fill a line of %s columns, so that it can be written over',
    (columns) => {
      const { display, written } = screen(true, columns);
      display.begin(call('one'), CALL_ID);
      written.length = 0;
      for (let look = 0; look < 20; look += 1) display.show([call('one'), call('other')]);
      for (const line of written) {
        expect([...line].length).toBeLessThan(columns ?? 80);
        expect(line).toMatch(/ {2}\(and 1 more\)$/);
      }
    },
  );

  it('are preceded by what the command is doing, which is told once where nothing is written over', () => {
    const { display, written } = screen(false);
    for (const howFar of ['', '(1 of 6)', '(2 of 6)']) display.progress('Starting …', howFar);
    expect(written).toEqual(['Starting …\n']);
    const terminal = screen(true, 20);
    terminal.display.progress('Starting the emulators …', '(2 of 6)');
    expect(terminal.written).toEqual(['Starting t (2 of 6)']);
  });
});
