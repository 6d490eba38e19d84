import { describe, expect, it } from 'vitest';
import { MeteredPhone } from '../../../../../local/emulators/acs/telephones/metered-phone.ts';
import type { Phone } from '../../../../../local/phone/phone.ts';
import { ManualClock } from '../../../../support/manual-clock.ts';

function meteredPhone(speech?: Int16Array): { clock: ManualClock; phone: MeteredPhone; calls: string[] } {
  const clock = new ManualClock();
  const calls: string[] = [];
  const inner: Phone = {
    rawId: '4:+1999',
    mediaStarted: (rate) => calls.push(`mediaStarted ${rate}`),
    speak: () => speech,
    hear: (samples, fromApplication) => calls.push(`hear ${samples.length} ${fromApplication}`),
    mediaStopped: () => calls.push('mediaStopped'),
    ended: (reason) => calls.push(`ended ${reason}`),
  };
  return { clock, calls, phone: new MeteredPhone(inner, clock) };
}

describe('a metered phone', () => {
  it('passes everything on, until the call has ended', () => {
    const { phone, calls } = meteredPhone(Int16Array.of(1, 2));
    phone.mediaStarted(16_000);
    expect(phone.speak()).toEqual(Int16Array.of(1, 2));
    phone.hear(new Int16Array(320), 7);
    phone.mediaStopped();
    phone.ended('done');
    phone.ended('again');
    expect(calls).toEqual(['mediaStarted 16000', 'hear 320 7', 'mediaStopped', 'ended done']);
  });

  it('notes when media first started and when the application was first heard', () => {
    const { phone, clock } = meteredPhone();
    const startMs = clock.now();
    phone.mediaStarted(24_000);
    clock.advance(100);
    phone.hear(new Int16Array(480), 0);
    expect(phone.firstAudioAtMs).toBeUndefined();
    clock.advance(20);
    phone.hear(new Int16Array(480), 1);
    clock.advance(20);
    phone.hear(new Int16Array(480), 480);
    phone.mediaStarted(24_000);
    expect(phone.sampleRateHz).toBe(24_000);
    expect(phone.mediaStartedAtMs).toBe(startMs);
    expect(phone.firstAudioAtMs).toBe(startMs + 120);
  });

  it('measures a full-scale square wave as 0 dBFS and silence as the floor', () => {
    const { phone } = meteredPhone(new Int16Array(320).fill(-32_768));
    for (let frame = 0; frame < 200; frame++) {
      phone.speak();
      phone.hear(new Int16Array(320), 320);
    }
    expect(phone.levels().saidDbfs).toBeCloseTo(0, 1);
    expect(phone.levels().heardDbfs).toBe(-96);
    phone.mediaStopped();
    expect(phone.levels().saidDbfs).toBe(-96);
  });
});
