import { expect, it } from 'vitest';
import type { CallReport } from '../../../../local/emulators/acs/control/call-report.ts';
import type { ProductCall } from '../../../../local/run/client/control-api.ts';
import { mergeEvents } from '../../../../local/run/client/report.ts';
import { timelineInWords } from '../../../../local/run/client/words.ts';

const RINGING_AT = '2026-12-01T00:00:00.000Z';

it('tells the events of the network and of the control app in order, and of failures the codes and the reason', () => {
  const telephone = {
    ringingAt: RINGING_AT,
    events: [{ atMs: 400, type: 'CallConnected' }],
  } as unknown as CallReport;
  const atMs = Date.parse(RINGING_AT);
  const product = {
    timeline: [
      {
        atMs: atMs + 1_200,
        source: 'acs',
        type: 'CallTransferFailed',
        details: { code: 404, subCode: 8522, message: 'Nobody there.' },
      },
      {
        atMs: atMs + 500,
        source: 'acs',
        type: 'PlayCompleted',
        details: { code: 200, subCode: 0, message: 'Done.' },
      },
      { atMs: atMs + 1_300, source: 'acs', type: 'PlayFailed', details: { code: 500 } },
      { atMs, source: 'event-grid', type: 'IncomingCall' },
    ],
  } as unknown as ProductCall;
  expect(timelineInWords(mergeEvents(telephone, product))).toBe(
    [
      '    0.0 s  control app (event-grid)  IncomingCall',
      '    0.4 s  telephone network         CallConnected',
      '    0.5 s  control app (acs)         PlayCompleted',
      '    1.2 s  control app (acs)         CallTransferFailed (404/8522: Nobody there.)',
      '    1.3 s  control app (acs)         PlayFailed (500)',
    ].join('\n'),
  );
});
