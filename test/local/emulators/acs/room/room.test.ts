import { describe, expect, it } from 'vitest';
import { Conference } from '../../../../../local/emulators/acs/media/conference.ts';
import { MediaTicker } from '../../../../../local/emulators/acs/media/media-ticker.ts';
import { Room, type RoomEnd, type RoomLeg } from '../../../../../local/emulators/acs/room/room.ts';
import type { Speaker } from '../../../../../local/emulators/acs/telephones/phone-line.ts';
import { PhoneLine } from '../../../../../local/emulators/acs/telephones/phone-line.ts';
import { type Phone, samplesPerFrame } from '../../../../../local/phone/phone.ts';
import { ManualClock } from '../../../../support/manual-clock.ts';
import { tone } from '../../../../support/signals.ts';
import { type FakePhone, fakePhone } from '../fake-callees.ts';

const RATE = 16_000;
const FRAME = 320;

function frameOf(value: number): Int16Array {
  return new Int16Array(FRAME).fill(value);
}

/** One application: it hears and says what the test asks for, a frame at a time, as a media stream does. */
class Application implements RoomLeg {
  readonly ownIdentifiers;
  readonly told: string[] = [];
  readonly phones: Phone[] = [];
  readonly ended: RoomEnd[] = [];
  readonly keys: string[] = [];
  #conference: Conference | undefined;
  readonly #rateHz: number;

  constructor(rawId: string, rateHz = RATE) {
    this.ownIdentifiers = [{ rawId }];
    this.#rateHz = rateHz;
  }

  listen(): void {
    const format = { sampleRateHz: this.#rateHz, frameSamples: samplesPerFrame(this.#rateHz) };
    this.#conference = new Conference(this.phones, format);
    this.#conference.start();
  }

  stop(): void {
    this.#conference?.stop();
  }

  /** Says a frame, and gives what was heard before. */
  frame(says: Int16Array = new Int16Array(samplesPerFrame(this.#rateHz))): Int16Array {
    this.#conference?.speak();
    const heard = this.#conference?.mixed().slice() ?? new Int16Array();
    this.#conference?.hear({ samples: says, fromApplication: says.length });
    return heard;
  }

  seatTap({ identifier, phone }: Speaker): void {
    this.told.push(`tap ${identifier.rawId}`);
    this.phones.push(phone);
  }

  seatApplication({ rawId }: { rawId: string }): void {
    this.told.push(`application ${rawId}`);
  }

  unseat(rawId: string): void {
    this.told.push(`gone ${rawId}`);
    const index = this.phones.findIndex((phone) => phone.rawId === rawId);
    if (index >= 0) this.phones.splice(index, 1);
  }

  showMuted(rawId: string, muted: boolean): void {
    this.told.push(`${muted ? 'muted' : 'unmuted'} ${rawId}`);
  }

  showOnHold(rawId: string, onHold: boolean): void {
    this.told.push(`${onHold ? 'held' : 'back'} ${rawId}`);
  }

  takeKey(rawId: string, key: string): boolean {
    this.keys.push(`${rawId} ${key}`);
    return true;
  }

  takeWords(): boolean {
    return true;
  }

  endedForAll(cause: RoomEnd): void {
    this.ended.push(cause);
  }
}

function twoApplications(room: Room): [Application, Application] {
  const applications: [Application, Application] = [new Application('app 1'), new Application('app 2')];
  for (const each of applications) room.connect(each);
  return applications;
}

/** Two applications that hear and are heard, the first of them the one that leads. */
function twoListeners(room: Room): [Application, Application] {
  const applications = twoApplications(room);
  for (const each of applications) each.listen();
  return applications;
}

interface Person {
  readonly phone: FakePhone & { readonly keys: string[] };
  readonly line: PhoneLine;
}

function room(...people: readonly [string, number][]) {
  const clock = new ManualClock();
  return roomOn(clock, clock, ...people);
}

function roomOn(clock: ManualClock, mediaClock: ManualClock, ...people: readonly [string, number][]) {
  let ended = 0;
  const made = new Room({
    serverCallId: 'call',
    sampleRateHz: RATE,
    clock,
    ticker: new MediaTicker(mediaClock),
    onEnd: () => ended++,
  });
  const join = (rawId: string, says: number): Person => {
    const keys: string[] = [];
    const phone = Object.assign(fakePhone(rawId, frameOf(says)), {
      keys,
      hearKey: (key: string) => void keys.push(key),
    });
    const line = new PhoneLine(rawId);
    made.join({ identifier: { rawId }, phone, line });
    return { phone, line };
  };
  const persons = people.map(([rawId, says]) => join(rawId, says));
  const person = (index: number): Person => {
    const found = persons[index];
    if (found === undefined) throw new Error('the test knows no such person');
    return found;
  };
  return { room: made, clock, join, person, ended: () => ended };
}

/** The values of the frames that a phone heard, each of which is one value throughout. */
function heardBy({ phone }: Person): number[] {
  return phone.heard.map((frame) => {
    expect(new Set(frame).size, 'a frame is of one value').toBe(1);
    return frame[0] ?? 0;
  });
}

describe('people who talk without an application', () => {
  it('hear the others, in real time, and not themselves', () => {
    const { clock, person } = room(['a', 1], ['b', 20], ['c', 300]);
    clock.advance(100);
    expect(heardBy(person(0)).length).toBeGreaterThanOrEqual(5);
    expect(new Set(heardBy(person(0)))).toEqual(new Set([320]));
    expect(new Set(heardBy(person(1)))).toEqual(new Set([301]));
    expect(new Set(heardBy(person(2)))).toEqual(new Set([21]));
  });

  it('go on while two are left', () => {
    const { person, ended, clock } = room(['a', 1], ['b', 2], ['c', 3]);
    person(0).line.hangUp();
    person(0).line.hangUp();
    expect([0, 1, 2].map((index) => person(index).phone.ends)).toEqual([['hungUp'], [], []]);
    expect(ended()).toBe(0);
    clock.advance(20);
    expect(heardBy(person(1)).at(-1)).toBe(3);
    person(1).line.hangUp();
    expect([0, 1, 2].map((index) => person(index).phone.ends)).toEqual([['hungUp'], ['hungUp'], ['hungUp']]);
    expect(ended()).toBe(1);
    expect(clock.pending(), 'timers that are left').toEqual([]);
  });

  it('are through after half an hour', () => {
    // The sound stands still: half an hour of it would take seconds.
    const { person, ended, clock } = roomOn(new ManualClock(), new ManualClock(), ['a', 0], ['b', 0]);
    clock.advance(30 * 60_000 - 1);
    expect(ended()).toBe(0);
    clock.advance(1);
    expect(ended()).toBe(1);
    expect([person(0).phone.ends, person(1).phone.ends]).toEqual([['hungUp'], ['hungUp']]);
  });

  it('hear the keys that another presses', () => {
    const { person } = room(['a', 0], ['b', 0]);
    expect(person(0).line.press('5')).toBe(true);
    expect([person(0).phone.keys, person(1).phone.keys]).toEqual([[], ['5']]);
  });

  it('cannot be there twice', () => {
    const { room: made, join } = room(['a', 0], ['b', 0]);
    join('a', 0);
    expect(made.telephones.map(({ rawId }) => rawId)).toEqual(['a', 'b']);
  });
});

describe('applications in a room', () => {
  it('hear each telephone and are heard by all, sample for sample, the one that listened first without a gap', () => {
    const { room: made, person } = room(['a', 1], ['b', 20]);
    const [first, second] = twoListeners(made);
    const heard: number[][] = [];
    for (let frame = 0; frame < 5; frame++) {
      heard.push([first.frame(frameOf(1_000))[0] ?? -1, second.frame(frameOf(5_000))[0] ?? -1]);
    }
    expect(heard).toEqual(Array.from({ length: 5 }, () => [21, 21]));
    expect(heardBy(person(0))).toEqual([20, 6_020, 6_020, 6_020, 6_020]);
    expect(heardBy(person(1))).toEqual([1, 6_001, 6_001, 6_001, 6_001]);
  });

  it('lead one after the other; when the last stops listening, the telephones go on by themselves', () => {
    const { room: made, person, clock } = room(['a', 1], ['b', 20]);
    const [first, second] = twoListeners(made);
    clock.advance(200);
    expect(heardBy(person(0)), 'while nobody asks, no time passes').toEqual([]);
    first.stop();
    second.frame();
    second.frame();
    expect(heardBy(person(0))).toHaveLength(2);
    second.stop();
    clock.advance(100);
    expect(heardBy(person(0)).length).toBeGreaterThanOrEqual(7);
  });

  it('that listen and are not asked keep ten frames at most', () => {
    const { room: made } = room(['a', 1]);
    const [first, second] = twoListeners(made);
    for (let frame = 0; frame < 25; frame++) first.frame();
    const late = Array.from({ length: 12 }, () => second.frame()[0]);
    expect(late).toEqual([...Array.from({ length: 10 }, () => 1), 0, 0]);
  });

  it('may have another rate than the room', () => {
    const clock = new ManualClock();
    const ticker = new MediaTicker(clock);
    const made = new Room({ serverCallId: 'call', sampleRateHz: 24_000, clock, ticker, onEnd: () => {} });
    const speech = tone(24_000, 24_000, 440);
    let at = 0;
    const phone: Phone = {
      ...fakePhone('a'),
      speak: () => {
        at += 480;
        return speech.subarray(at - 480, at);
      },
    };
    made.join({ identifier: { rawId: 'a' }, phone, line: new PhoneLine('a') });
    const application = new Application('app');
    made.connect(application);
    application.listen();
    const heard = Array.from({ length: 40 }, () => [...application.frame()]).flat();
    expect(heard).toHaveLength(40 * FRAME);
    const wanted = tone(16_000, 16_000, 440);
    // What was converted is a little late: 20 samples of the lower rate.
    const errors = heard.slice(FRAME).map((sample, i) => sample - (wanted[i + FRAME - 20] ?? 0));
    const power = (samples: Iterable<number>): number => [...samples].reduce((sum, s) => sum + s * s, 0);
    const ratioDb = 10 * Math.log10(power(heard.slice(FRAME)) / power(errors));
    expect(ratioDb, 'signal to error, in dB').toBeGreaterThan(30);
  });

  it('know of everybody who is there, comes and goes', () => {
    const { room: made, join } = room(['a', 0]);
    const [first, second] = twoApplications(made);
    join('b', 0);
    made.mute('b', true);
    made.disconnect(first);
    made.disconnect(first);
    made.remove('a', 'removed');
    expect(first.told).toEqual(['tap a', 'application app 2', 'tap b', 'muted b']);
    expect(second.told).toEqual(['application app 1', 'tap a', 'tap b', 'muted b', 'gone app 1', 'gone a']);
  });

  it('mute and hold a telephone for everybody; on hold it hears who holds it alone', () => {
    const { room: made, person } = room(['a', 1], ['b', 20]);
    const [first, second] = twoListeners(made);
    made.hold('a', first, true);
    const heard: number[] = [];
    for (let frame = 0; frame < 3; frame++) {
      first.frame(frameOf(1_000));
      heard.push(second.frame(frameOf(5_000))[0] ?? -1);
    }
    expect(heard, 'nobody hears who is on hold').toEqual([20, 20, 20]);
    expect(heardBy(person(0)), 'the music alone').toEqual([1_000, 1_000]);
    expect(second.told).toContain('held a');
    made.disconnect(first);
    expect(second.told, 'whoever held it is gone').toContain('back a');
    made.mute('b', true);
    second.frame(frameOf(5_000));
    expect(second.frame()[0]).toBe(1);
  });

  it('take keys and words, all of them', () => {
    const { room: made, person } = room(['a', 0], ['b', 0]);
    const [first, second] = twoApplications(made);
    expect(person(0).line.press('1')).toBe(true);
    expect(person(0).line.say({ rawId: 'a', text: 'hello', startedMs: 0, durationMs: 1 })).toBe(true);
    expect([first.keys, second.keys, person(1).phone.keys]).toEqual([['a 1'], ['a 1'], []]);
  });

  it('are told when the last telephone is put down, and when one of them ends it for all', () => {
    const one = room(['a', 0]);
    const application = new Application('app');
    one.room.connect(application);
    one.person(0).line.hangUp();
    expect([application.ended, one.ended(), one.person(0).phone.ends]).toEqual([
      ['participant'],
      1,
      ['hungUp'],
    ]);

    const other = room(['a', 0], ['b', 0]);
    const [first, second] = [new Application('app 1'), new Application('app 2')];
    other.room.connect(first);
    other.room.connect(second);
    other.room.end('application');
    other.room.end('application');
    expect([first.ended, second.ended]).toEqual([['application'], ['application']]);
    expect(other.person(0).phone.ends).toEqual(['hungUpByApplication']);
  });

  it('leave two people talking, and hang up for one', () => {
    const two = room(['a', 1], ['b', 20]);
    const application = new Application('app');
    two.room.connect(application);
    application.listen();
    two.room.disconnect(application);
    two.clock.advance(40);
    expect(heardBy(two.person(0)).at(-1)).toBe(20);
    expect(two.ended()).toBe(0);

    const one = room(['a', 1]);
    one.room.connect(application);
    one.room.disconnect(application);
    expect([one.ended(), one.person(0).phone.ends]).toEqual([1, ['left']]);
  });
});
