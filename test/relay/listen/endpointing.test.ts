import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CutUtterance, type EndpointEvent, Endpointing } from '../../../relay/listen/endpointing.ts';
import { AUDIO_FORMATS, type AudioFormat } from '../../../shared/audio/audio-format.ts';
import type { EndpointingRules } from '../../../shared/call/plan.ts';

const HANGOVER_MS = 200;

const RULES: EndpointingRules = { minSpeechMs: 120, endSilenceMs: 500, maxMs: 15_000, preRollMs: 300 };

type Sound = 'speech' | 'silence' | 'missing';

/** A participant's audio in which every sample that is not silence is unlike those around it. */
class Script {
  readonly frameSamples: number;
  readonly sounds: readonly Sound[];
  readonly levels: readonly number[];
  readonly samplesPerMs: number;

  constructor(
    parts: readonly (readonly [Sound, number])[],
    format: AudioFormat = 'pcm16KMono',
    levels: readonly number[] = [],
  ) {
    this.frameSamples = AUDIO_FORMATS[format].frameSamples;
    this.samplesPerMs = AUDIO_FORMATS[format].sampleRateHz / 1000;
    this.sounds = parts.flatMap(([sound, frames]) => Array.from({ length: frames }, () => sound));
    this.levels = levels;
  }

  frames(): Parameters<Endpointing['push']>[0][] {
    return this.sounds.flatMap((sound, i) => {
      if (sound === 'missing') return [];
      const timestamp = i * this.frameSamples;
      const pcm = new Uint8Array(this.samples(timestamp, timestamp + this.frameSamples).buffer);
      const levelDb = this.levels[i] ?? (sound === 'speech' ? -26 : -70);
      return [
        { pcm, timestamp, voice: { isSpeech: sound === 'speech', isVoiced: sound === 'speech', levelDb } },
      ];
    });
  }

  samples(from: number, to: number): Int16Array<ArrayBuffer> {
    return Int16Array.from({ length: to - from }, (_, n) => {
      const sound = this.sounds[Math.floor((from + n) / this.frameSamples)];
      return sound === 'missing' ? 0 : ((from + n) % 32_000) + 1;
    });
  }

  isSpeech(i: number): boolean {
    return this.sounds[i] === 'speech';
  }
}

function run(script: Script, rules = RULES, format: AudioFormat = 'pcm16KMono'): EndpointEvent[] {
  const machine = new Endpointing(format, rules);
  const events = script.frames().flatMap((frame) => machine.push(frame));
  return [...events, ...machine.flush()];
}

function utterances(events: readonly EndpointEvent[]): CutUtterance[] {
  return events.flatMap((event) => (event.type === 'utterance' ? [event.utterance] : []));
}

function span(utterance: CutUtterance, script: Script): { from: number; to: number } {
  const { frameSamples } = script;
  const from = utterance.timestamp / frameSamples;
  return { from, to: from + utterance.bytes.byteLength / 2 / frameSamples };
}

describe('endpointing', () => {
  it('gives what is said between two silences as one utterance, with the audio before and after it', () => {
    const script = new Script([
      ['silence', 50],
      ['speech', 40],
      ['silence', 50],
    ]);
    const events = run(script);
    expect(events.map((event) => event.type)).toEqual(['speechStarted', 'speechEnded', 'utterance']);
    expect(events[0]).toMatchObject({ timestamp: 50 * 320, latencyMs: 120 });
    expect(events[1]).toMatchObject({ timestamp: 90 * 320, durationMs: 800 });
    const [said] = utterances(events);
    expect(said && span(said, script)).toEqual({ from: 50 - 15, to: 90 + HANGOVER_MS / 20 });
    expect(said?.ms).toBe(300 + 800 + HANGOVER_MS);
    expect(said?.isBeginning).toBe(true);
  });

  it('ends an utterance as soon as the silence is long enough, and not a frame before', () => {
    const machine = new Endpointing('pcm16KMono', RULES);
    const script = new Script([
      ['speech', 10],
      ['silence', 25],
    ]);
    const ended = script.frames().map((frame) => utterances(machine.push(frame)).length);
    expect(ended.indexOf(1)).toBe(34);
  });

  it('keeps two sentences apart and a pause within one together', () => {
    const script = new Script([
      ['speech', 20],
      ['silence', 24],
      ['speech', 20],
      ['silence', 25],
      ['speech', 20],
    ]);
    expect(utterances(run(script)).map((each) => span(each, script))).toEqual([
      { from: 0, to: 74 },
      { from: 74, to: 109 },
    ]);
  });

  it('takes a click for no speech', () => {
    const script = new Script([
      ['silence', 20],
      ['speech', 5],
      ['silence', 50],
    ]);
    expect(run(script)).toEqual([]);
  });

  it('counts speech with gaps between syllables, and says how long it took to be sure', () => {
    const script = new Script([
      ['silence', 20],
      ['speech', 3],
      ['silence', 3],
      ['speech', 3],
      ['silence', 30],
    ]);
    expect(run(script)[0]).toMatchObject({ type: 'speechStarted', timestamp: 20 * 320, latencyMs: 180 });
  });

  it('never sends the same audio twice: the next utterance begins after the last one at the earliest', () => {
    const rules = { ...RULES, endSilenceMs: 100 };
    const script = new Script([
      ['speech', 10],
      ['silence', 6],
      ['speech', 10],
    ]);
    expect(utterances(run(script, rules)).map((each) => span(each, script))).toEqual([
      { from: 0, to: 15 },
      { from: 15, to: 26 },
    ]);
  });

  it('fills a gap of missing frames with silence', () => {
    const script = new Script([
      ['speech', 10],
      ['missing', 20],
      ['speech', 10],
    ]);
    const [said] = utterances(run(script));
    expect(said?.ms).toBe(800);
    expect(said && new Int16Array(said.bytes.buffer)).toEqual(script.samples(0, 40 * 320));
  });

  it('ends an utterance when time passes without frames', () => {
    const machine = new Endpointing('pcm16KMono', RULES);
    const script = new Script([['speech', 10]]);
    for (const frame of script.frames()) machine.push(frame);
    expect(machine.advance(10 * 320 + 500 * 16 - 1)).toEqual([]);
    expect(machine.advance(10 * 320 + 500 * 16).map((event) => event.type)).toEqual([
      'speechEnded',
      'utterance',
    ]);
    expect(machine.advance(1_000_000)).toEqual([]);
  });

  it('cuts a long utterance at its quietest place, and says that the next one goes on from it', () => {
    const rules = { ...RULES, maxMs: 2_000 };
    const levels = Array.from({ length: 150 }, (_, i) => (i === 70 ? -45 : -26));
    const script = new Script([['speech', 150]], 'pcm16KMono', levels);
    const events = run(script, rules);
    const said = utterances(events);
    expect(span(said[0] as CutUtterance, script)).toEqual({ from: 0, to: 70 });
    expect(said.map((each) => each.isBeginning)).toEqual([true, false]);
    expect(events.filter((event) => event.type === 'speechStarted')).toHaveLength(1);
    expect(events.filter((event) => event.type === 'speechEnded')).toHaveLength(1);
  });

  it('does not use a frame that comes after later ones', () => {
    const machine = new Endpointing('pcm16KMono', RULES);
    const frames = new Script([['speech', 12]]).frames();
    for (const frame of [...frames.slice(0, 10), ...frames.slice(4, 6), ...frames.slice(10)]) {
      machine.push(frame);
    }
    expect(machine.lateFrames).toBe(2);
    expect(utterances(machine.flush())[0]?.ms).toBe(240);
  });

  it('refuses rules that contradict each other', () => {
    expect(() => new Endpointing('pcm16KMono', { ...RULES, maxMs: 1_000 })).toThrow(
      'an utterance of at most 1000 ms cannot hold pre-roll, twice the shortest speech and end silence, which take 1040 ms',
    );
  });

  describe('whatever is said', () => {
    const sound = fc.constantFrom<Sound>('speech', 'speech', 'silence', 'missing');
    const parts = fc.array(fc.tuple(sound, fc.integer({ min: 1, max: 40 })), { maxLength: 25 });
    const format = fc.constantFrom<AudioFormat>('pcm16KMono', 'pcm24KMono');
    const rules = fc.record({
      minSpeechMs: fc.integer({ min: 1, max: 10 }).map((frames) => frames * 20),
      endSilenceMs: fc.integer({ min: 3, max: 30 }).map((frames) => frames * 20),
      maxMs: fc.integer({ min: 65, max: 150 }).map((frames) => frames * 20),
      preRollMs: fc.integer({ min: 0, max: 15 }).map((frames) => frames * 20),
    });
    const levels = fc.array(fc.integer({ min: -60, max: -10 }), { maxLength: 300 });
    const cases = fc.record({ parts, format, rules, levels });

    function check(
      property: (script: Script, events: EndpointEvent[], rules: EndpointingRules) => void,
    ): void {
      fc.assert(
        fc.property(cases, ({ parts, format, rules, levels }) => {
          const script = new Script(parts, format, levels);
          property(script, run(script, rules, format), rules);
        }),
        { numRuns: 100 },
      );
    }

    it('gives exact pieces of the audio, in order, without overlap, and none too long', () => {
      check((script, events, { maxMs }) => {
        let end = 0;
        for (const { bytes, timestamp, ms } of utterances(events)) {
          expect(timestamp).toBeGreaterThanOrEqual(end);
          end = timestamp + bytes.byteLength / 2;
          expect(Buffer.from(bytes).equals(Buffer.from(script.samples(timestamp, end).buffer))).toBe(true);
          expect(ms).toBeLessThanOrEqual(maxMs);
          expect(ms).toBe(bytes.byteLength / 2 / script.samplesPerMs);
        }
      });
    });

    it('tells starts and ends by turns, in time', () => {
      check((_, events, { minSpeechMs }) => {
        const turns = events.filter((event) => event.type !== 'utterance');
        turns.forEach((event, i) => {
          expect(event.type).toBe(i % 2 === 0 ? 'speechStarted' : 'speechEnded');
          if (event.type === 'speechStarted') {
            expect(event.latencyMs).toBeGreaterThanOrEqual(minSpeechMs);
            expect(event.latencyMs).toBeLessThanOrEqual(2 * minSpeechMs);
          }
        });
        expect(turns.length % 2).toBe(0);
      });
    });

    it('has every frame of what counts as speech in exactly one utterance', () => {
      check((script, events, { minSpeechMs, endSilenceMs }) => {
        const { frameSamples, samplesPerMs, sounds } = script;
        const counts = new Uint8Array(sounds.length);
        for (const utterance of utterances(events)) {
          const { from, to } = span(utterance, script);
          for (let i = from; i < to; i += 1) counts[i] = (counts[i] ?? 0) + 1;
        }
        const counted = new Set<number>();
        for (const event of events) {
          if (event.type !== 'speechEnded') continue;
          const to = event.timestamp / frameSamples;
          const from = to - (event.durationMs * samplesPerMs) / frameSamples;
          let silent = 0;
          for (let i = from; i < to; i += 1) {
            counted.add(i);
            silent = script.isSpeech(i) ? 0 : silent + 1;
            expect(silent * 20, 'silence within what counts as one speech').toBeLessThan(endSilenceMs);
          }
          expect(script.isSpeech(from) && script.isSpeech(to - 1), 'speech at both ends').toBe(true);
        }
        let inRow = 0;
        sounds.forEach((sound, i) => {
          inRow = sound === 'speech' ? inRow + 1 : 0;
          if (inRow * 20 >= minSpeechMs) {
            for (let j = i - inRow + 1; j <= i; j += 1) {
              expect(counted.has(j), `frame ${j} of a long enough run counts`).toBe(true);
            }
          }
          if (sound === 'speech' && counted.has(i)) expect(counts[i], `frame ${i}`).toBe(1);
        });
        expect(Math.max(0, ...counts)).toBeLessThanOrEqual(1);
      });
    });

    it('adds no more silence than the pre-roll before it and the hangover after it', () => {
      check((script, events, { preRollMs, endSilenceMs }) => {
        for (const utterance of utterances(events)) {
          const { from, to } = span(utterance, script);
          const speech = Array.from({ length: to - from }, (_, i) => from + i).filter((i) =>
            script.isSpeech(i),
          );
          expect(speech.length, 'frames of speech in an utterance').toBeGreaterThan(0);
          if (utterance.isBeginning) {
            const firstCounted = speech[0] ?? to;
            expect((firstCounted - from) * 20).toBeLessThanOrEqual(preRollMs);
          }
          expect((to - 1 - (speech.at(-1) ?? 0)) * 20).toBeLessThan(Math.max(endSilenceMs, HANGOVER_MS + 20));
        }
      });
    });
  });
});
