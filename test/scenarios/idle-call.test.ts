import { expect, it } from 'vitest';
import { makeCall } from '../../local/run/client/make-call.ts';
import { QUIET_SECONDS, SHARED_NUMBERS, sharedSystem } from '../support/shared-system.ts';
import { speechLike } from '../support/signals.ts';

const RATE_HZ = 16_000;

const test = sharedSystem();

it('ends a call once nobody has said anything for as long as its route allows, though silence is echoed', async () => {
  const evidence = await makeCall(test.system, {
    from: '+14255550199',
    to: SHARED_NUMBERS.quiet,
    speech: { samples: speechLike(2 * RATE_HZ, RATE_HZ), sampleRateHz: RATE_HZ },
    // However long the machine holds up those who end the call.
    tailMs: 180_000,
  });
  const timeline = (await test.control.call(evidence.product?.callId ?? ''))?.timeline ?? [];
  const told = timeline.map(({ type }) => type);
  expect(told, 'who ended the call').toContain('HangUpRequested');
  const connected = timeline.find(({ type }) => type === 'CallConnected')?.atMs ?? 0;
  const ended = timeline.find(({ type }) => type === 'HangUpRequested')?.atMs ?? 0;
  expect(ended - connected, 'not before two seconds of speech and five of silence').toBeGreaterThan(
    1_500 + QUIET_SECONDS * 1_000,
  );
});
