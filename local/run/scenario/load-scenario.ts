import { access, readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type Audio, readWav } from '../../../shared/audio/wav.ts';
import type { Speech } from '../../phone/speech.ts';
import {
  DEFAULT_LEAST_DB,
  DEFAULT_SILENCE_MS,
  DEFAULT_SPEECH_MS,
  DEFAULT_TONE_MS,
  type Sound,
  type Step,
  type Utterance,
} from '../../phone/step.ts';
import {
  memberName,
  parseScenario,
  recordingsIn,
  ScenarioError,
  type ScenarioProblem,
} from './parse-scenario.ts';
import type { ParticipantFile, ScenarioFile, SpeechFile, StepFile } from './scenario-schema.ts';

/** Somebody with everything that is said in memory. */
export interface ScenarioParty extends Omit<ParticipantFile, 'steps' | 'greeting'> {
  readonly name: string;
  readonly steps: readonly Step[];
}

export interface Scenario extends Omit<ScenarioFile, 'participants'> {
  readonly participants: readonly ScenarioParty[];
}

const DEFAULT_WITHIN_MS = 10_000;

/** The tone after a voicemail's greeting. */
const BEEP = { hz: 1_000, ms: 400, rateHz: 16_000, amplitude: 12_000 } as const;

/**
 * Reads a scenario with all its recordings, and lets its texts be said.
 * @throws ScenarioError
 */
export async function loadScenario(path: string, speech: Speech): Promise<Scenario> {
  const yaml = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const message = error.code === 'ENOENT' ? 'there is no such file' : error.message;
    throw new ScenarioError(path, [{ line: 1, member: '', message }]);
  });
  const { scenario, lineOf } = await parsedWithFiles(yaml, path);
  const { participants, ...others } = scenario;
  const loader = new Loader(path, speech, lineOf);
  const loaded: ScenarioParty[] = [];
  for (const [name, { greeting, steps, ...rest }] of Object.entries(participants)) {
    const member = ['participants', name];
    const before =
      rest.takes === 'voicemail' ? await loader.voicemail(greeting, [...member, 'greeting']) : [];
    const own: Step[] = [];
    for (const [index, step] of steps.entries())
      own.push(await loader.step(step, [...member, 'steps', index]));
    loaded.push({ ...rest, name, steps: [...before, ...own] });
  }
  if (loader.problems.length > 0) throw new ScenarioError(path, loader.problems);
  return { ...others, participants: loaded };
}

/** What is wrong with the form is told together with the recordings that are not there. */
async function parsedWithFiles(yaml: string, path: string): Promise<ReturnType<typeof parseScenario>> {
  try {
    return parseScenario(yaml, path);
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error;
    const missing = await Promise.all(
      recordingsIn(yaml).map(async ({ name, line }): Promise<ScenarioProblem[]> => {
        const isThere = await access(resolve(dirname(path), name)).then(
          () => true,
          () => false,
        );
        return isThere ? [] : [{ line, member: '', message: `${name} cannot be read` }];
      }),
    );
    throw new ScenarioError(
      path,
      [...error.problems, ...missing.flat()].toSorted((a, b) => a.line - b.line),
    );
  }
}

/** Where something is written. */
type Member = readonly PropertyKey[];

const NOTHING: Audio = { samples: new Int16Array(), sampleRateHz: 16_000 };

class Loader {
  readonly problems: ScenarioProblem[] = [];
  readonly #path: string;
  readonly #speech: Speech;
  readonly #lineOf: (member: Member) => number;

  constructor(path: string, speech: Speech, lineOf: (member: Member) => number) {
    this.#path = path;
    this.#speech = speech;
    this.#lineOf = lineOf;
  }

  /** What a voicemail says by itself. */
  async voicemail(greeting: SpeechFile | undefined, member: Member): Promise<Step[]> {
    const beep: Step = { type: 'say', audio: beepAudio() };
    return greeting === undefined
      ? [beep]
      : [{ type: 'say', ...(await this.#utterance(greeting, member)) }, beep];
  }

  async step(step: StepFile, member: Member): Promise<Step> {
    if (step.say !== undefined) return { type: 'say', ...(await this.#utterance(step.say, member)) };
    if (step.startSaying !== undefined)
      return { type: 'startSaying', ...(await this.#utterance(step.startSaying, member)) };
    if (step.press !== undefined) return { type: 'press', keys: step.press };
    if (step.wait !== undefined) return waiting(step.wait);
    if (step.interrupt !== undefined) {
      const { interrupt } = step;
      const { say, after, within } =
        typeof interrupt === 'string' ? { say: interrupt, after: undefined, within: undefined } : interrupt;
      const times = { afterMs: after ?? DEFAULT_SPEECH_MS, withinMs: within ?? DEFAULT_WITHIN_MS };
      return { type: 'interrupt', ...times, ...(await this.#utterance(say, member)) };
    }
    if (step.expect !== undefined) {
      const { hear, within, for: forMs } = step.expect;
      return { type: 'expect', hear: await this.#sound(hear, forMs, member), withinMs: within };
    }
    return { type: 'hangUp' };
  }

  async #sound(
    hear: NonNullable<StepFile['expect']>['hear'],
    forMs: number | undefined,
    member: Member,
  ): Promise<Sound> {
    if (hear === 'speech') return { type: 'speech', forMs: forMs ?? DEFAULT_SPEECH_MS };
    if (hear === 'silence') return { type: 'silence', forMs: forMs ?? DEFAULT_SILENCE_MS };
    if ('tone' in hear) return { type: 'tone', hz: hear.tone, forMs: forMs ?? DEFAULT_TONE_MS };
    return { type: 'recording', audio: await this.#file(hear.file, member), leastDb: DEFAULT_LEAST_DB };
  }

  async #utterance(said: SpeechFile, member: Member): Promise<Utterance> {
    if (typeof said === 'object' && 'file' in said)
      return { audio: await this.#file(said.file, member), text: said.words };
    const text = typeof said === 'string' ? said : said.text;
    if (typeof said === 'string' && said.endsWith('.wav')) return { audio: await this.#file(said, member) };
    return { audio: await this.#attempt(member, () => this.#speech.say(text)), text };
  }

  #file(name: string, member: Member): Promise<Audio> {
    return this.#attempt(member, async () => {
      const bytes = await readFile(resolve(dirname(this.#path), name)).catch(() => undefined);
      if (bytes === undefined) throw new Error(`${name} cannot be read`);
      return readWav(bytes);
    });
  }

  async #attempt(member: Member, make: () => Promise<Audio>): Promise<Audio> {
    try {
      return await make();
    } catch (error) {
      this.problems.push({
        line: this.#lineOf(member),
        member: memberName(member),
        message: error instanceof Error ? error.message : String(error),
      });
      return NOTHING;
    }
  }
}

function waiting(wait: NonNullable<StepFile['wait']>): Step {
  if (typeof wait === 'number') return { type: 'wait', ms: wait };
  const { until, within } = wait;
  const withinMs = within ?? DEFAULT_WITHIN_MS;
  if (typeof until.heard === 'number')
    return { type: 'waitUntil', heard: { type: 'speech', forMs: until.heard }, withinMs };
  const forMs = until.for ?? (until.heard === 'speech' ? DEFAULT_SPEECH_MS : DEFAULT_SILENCE_MS);
  return { type: 'waitUntil', heard: { type: until.heard, forMs }, withinMs };
}

function beepAudio(): Audio {
  const { hz, ms, rateHz, amplitude } = BEEP;
  const samples = Int16Array.from({ length: (ms * rateHz) / 1_000 }, (_, i) =>
    Math.round(amplitude * Math.sin((2 * Math.PI * hz * i) / rateHz)),
  );
  return { samples, sampleRateHz: rateHz };
}
