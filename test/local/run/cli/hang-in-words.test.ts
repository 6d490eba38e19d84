import { expect, it } from 'vitest';
import { formatRecord } from '../../../../local/emulators/functions-host/app/log.ts';
import { HANG_SIGN, hangs } from '../../../../local/emulators/functions-host/http/hangs.ts';
import { hangInWords } from '../../../../local/run/cli/hang-in-words.ts';

it('makes a hint of the line in which the Functions host says that a request hangs, and of no other', () => {
  const lines: string[] = [];
  const told = hangs({ log: (record) => lines.push(formatRecord(record, 0)) }, false);
  const response = { writableEnded: false, destroyed: false } as never;
  told({ functionName: 'listCalls', invocationId: 'id', response }, 'the function returned no response');
  expect(hangInWords('control app', lines[0] ?? '')).toContain(
    `A request to listCalls of the control app ${HANG_SIGN}the function returned no response.\n`,
  );
  const info = { level: 'information', category: 'user', message: `it ${HANG_SIGN}so` } as const;
  expect(hangInWords('control app', formatRecord(info, 0))).toBeUndefined();
  expect(hangInWords('relay', 'relay listens on http://127.0.0.1:1')).toBeUndefined();
});
