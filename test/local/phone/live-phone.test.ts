import { describe, expect, it } from 'vitest';
import { type Handset, LivePhone, LOST_AFTER_MS } from '../../../local/phone/live-phone.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { noise } from '../../support/signals.ts';

class FakeHandset implements Handset {
  readonly log: string[] = [];
  readonly heard: number[] = [];
  readonly sampleRateHz: number;

  constructor(sampleRateHz = 16_000) {
    this.sampleRateHz = sampleRateHz;
  }

  hear(samples: Int16Array): void {
    this.heard.push(...samples);
  }

  hearKey(key: string): void {
    this.log.push(`key ${key}`);
  }

  answered(): void {
    this.log.push('answered');
  }

  mediaStarted(sampleRateHz: number): void {
    this.log.push(`media ${sampleRateHz}`);
  }

  mediaStopped(): void {
    this.log.push('stopped');
  }

  ended(reason: string): void {
    this.log.push(`ended ${reason}`);
  }
}

function livePhone(handset = new FakeHandset(), maxMs = 60_000) {
  const clock = new ManualClock();
  const pressed: string[] = [];
  let hangUps = 0;
  const phone = new LivePhone({
    rawId: '4:+14255550123',
    handset,
    clock,
    maxMs,
    onHangUp: () => {
      hangUps += 1;
    },
    onPress: (key) => pressed.push(key) > 0,
  });
  return { phone, handset, clock, pressed, hangUps: () => hangUps };
}

describe('a live phone', () => {
  it('says and hears every sample at the rate of the call, and records both', () => {
    const { phone, handset } = livePhone();
    phone.mediaStarted(16_000);
    const up = noise(50 * 320, 1);
    const down = noise(50 * 320, 2);
    const said: number[] = [];
    for (let at = 0; at < up.length; at += 320) {
      phone.say(up.slice(at, at + 320));
      said.push(...(phone.speak() ?? []));
      phone.hear(down.subarray(at, at + 320), 320);
    }
    said.push(...(phone.speak() ?? []));
    expect(said).toEqual([...up]);
    expect(handset.heard).toEqual([...down]);
    expect([...phone.said()]).toEqual([...new Int16Array(320), ...up]);
    expect([...phone.heard()]).toEqual([...down]);
  });

  it('records at the rate of the call what the handset has at another', () => {
    const { phone, handset } = livePhone(new FakeHandset(44_100));
    phone.mediaStarted(24_000);
    expect(handset.log).toEqual(['media 24000']);
    for (let n = 0; n < 10; n += 1) {
      phone.say(noise(882, n + 1));
      phone.speak();
      phone.hear(noise(480, n + 1), 480);
    }
    expect(phone.said()).toHaveLength(10 * 480);
    expect(phone.heard()).toHaveLength(10 * 480);
    expect(handset.heard).toHaveLength(10 * 882);
  });

  it('says the end of what was said, which converting holds back, and then nothing', () => {
    const { phone } = livePhone(new FakeHandset(48_000));
    phone.mediaStarted(16_000);
    phone.say(new Int16Array(960).fill(9_000));
    phone.say(new Int16Array(960).fill(9_000));
    const frames = Array.from({ length: 5 }, () => phone.speak());
    expect(frames.map((frame) => frame?.length)).toEqual([320, 320, 320, undefined, undefined]);
    expect(frames[2]?.[10], 'the end').toBeGreaterThan(8_000);
    expect(frames[2]?.[100], 'after the end').toBe(0);
  });

  it('drops what comes before media runs and after it has stopped', () => {
    const { phone } = livePhone();
    phone.say(new Int16Array(320).fill(1));
    phone.mediaStarted(16_000);
    expect(phone.counts.waitingMs).toBe(0);
    phone.say(new Int16Array(320).fill(1));
    phone.mediaStopped();
    phone.say(new Int16Array(320).fill(1));
    expect(phone.counts).toMatchObject({ waitingMs: 0, late: 0, dropped: 0 });
  });

  it('carries keys both ways', () => {
    const { phone, handset, pressed } = livePhone();
    expect(phone.press('5')).toBe(true);
    phone.hearKey('#');
    expect(pressed).toEqual(['5']);
    expect(handset.log).toEqual(['key #']);
  });

  it('hangs up once when its handset stays away for 5 s', () => {
    const { phone, handset, clock, hangUps } = livePhone();
    phone.mediaStarted(16_000);
    phone.detach(handset);
    clock.advance(LOST_AFTER_MS - 1);
    expect(phone.speak(), 'silence meanwhile').toBeUndefined();
    expect(hangUps()).toBe(0);
    clock.advance(1);
    expect(hangUps()).toBe(1);
    expect(phone.lost).toBe(true);
    phone.hangUp();
    phone.ended('hungUpByCaller');
    expect(hangUps()).toBe(1);
    expect(handset.log, 'the lost one is told nothing').toEqual(['media 16000']);
  });

  it('goes on at another handset, of another rate, that comes in time', () => {
    const { phone, handset, clock, hangUps } = livePhone();
    phone.mediaStarted(16_000);
    phone.detach(handset);
    clock.advance(LOST_AFTER_MS - 1);
    const other = new FakeHandset(48_000);
    phone.attach(other);
    phone.detach(handset);
    clock.advance(60_000);
    expect(hangUps()).toBe(0);
    phone.hear(noise(320, 3), 320);
    expect(other.heard).toHaveLength(960);
    expect(handset.heard).toEqual([]);
    phone.ended('hungUpByApplication');
    expect(other.log).toEqual(['media 16000', 'ended hungUpByApplication']);
    expect(clock.pending()).toEqual([]);
  });

  it('hangs up after its time on the call', () => {
    const { phone, hangUps } = livePhone(undefined, 100);
    phone.mediaStarted(16_000);
    for (let n = 0; n < 4; n += 1) phone.hear(new Int16Array(320), 0);
    expect(hangUps()).toBe(0);
    phone.hear(new Int16Array(320), 0);
    expect(hangUps()).toBe(1);
  });
});
