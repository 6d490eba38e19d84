/**
 * After "Troubleshooting call end response codes for Call Automation SDK" of Microsoft Learn: the names that the page
 * has for the codes.
 */
import { describe, expect, it } from 'vitest';
import { type Refusal, refusals } from '../../../../../local/emulators/acs/http/refusal.ts';

/** What the page calls each code; where it has two rows, both. */
const NAMES: Readonly<Record<string, RegExp>> = {
  '7509': /^hmac validation error/i,
  '8500': /^invalid media mode/i,
  '8501': /^action not supported, call not established/i,
  '8516': /^call throttled/i,
  '8519': /^conflict/i,
  '8522': /not found|^missing configuration/i,
  '8523': /^invalid argument/i,
  '8553': /^duplicate recording/i,
  '8583': /^precondition failed/i,
  '8585': /^action not valid in current call state/i,
};

/** Not the service's: limits and gaps of the emulator, and those of HTTP. */
const OWN = new Set(['MethodNotAllowed', 'NotFound', 'NotImplemented', 'RequestEntityTooLarge']);

const every: readonly Refusal[] = Object.values(refusals).map((make) =>
  (make as (...words: unknown[]) => Refusal)('one thing', ['another']),
);

describe('what the emulator refuses', () => {
  it('is named as the code that it carries, so that a search finds its page', () => {
    const codes = every.map(({ code }) => code).filter((code) => !OWN.has(code));
    expect([...new Set(codes)].sort()).toEqual(Object.keys(NAMES));
    for (const { code, message } of every)
      if (!OWN.has(code)) expect(message, code).toMatch(NAMES[code] ?? /$never/);
  });

  it('has the whole message that is recorded for a call or a recording that is not there', () => {
    expect(refusals.callNotFound()).toEqual({ status: 404, code: '8522', message: 'Call not found.' });
    const noRecording = { status: 404, code: '8522', message: 'Recording not found.' };
    expect(refusals.recordingNotFound()).toEqual(noRecording);
  });
});
