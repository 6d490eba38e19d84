import type { ResultInformation } from '../events/callback-event.ts';
import {
  type Choice,
  type Collected,
  type Collecting,
  choiceOfText,
  choiceOfTone,
  collectionAt,
  collectTone,
  type DtmfRules,
  type MatchedChoice,
  NOTHING_COLLECTED,
} from './collection.ts';
import { mediaResults } from './media-results.ts';
import type { Tone } from './tones.ts';

/** What a recognition listens to; the kinds of `RecognizeInputType`. */
export type RecognitionInputs =
  | { readonly type: 'dtmf'; readonly dtmf: DtmfRules }
  | { readonly type: 'choices'; readonly choices: readonly Choice[] }
  | { readonly type: 'speech'; readonly endSilenceMs: number }
  | { readonly type: 'speechOrDtmf'; readonly endSilenceMs: number; readonly dtmf: DtmfRules };

export interface RecognitionRules {
  readonly inputs: RecognitionInputs;
  readonly hasPrompt: boolean;
  /** Whether keys and words count while the prompt plays, and end it; otherwise they are lost. */
  readonly interruptPrompt: boolean;
  /** Counts from the end of the prompt. */
  readonly initialSilenceMs: number;
}

export type RecognitionOutcome =
  | {
      readonly type: 'completed';
      readonly result: ResultInformation;
      readonly recognized:
        | { readonly type: 'dtmf'; readonly tones: readonly Tone[] }
        | { readonly type: 'choices'; readonly choice: MatchedChoice }
        | { readonly type: 'speech'; readonly text: string };
    }
  | { readonly type: 'failed'; readonly result: ResultInformation };

export type RecognitionState =
  | { readonly phase: 'prompting' }
  | { readonly phase: 'waiting'; readonly deadlineMs: number }
  | { readonly phase: 'keys'; readonly collected: Collecting }
  | { readonly phase: 'words'; readonly text: string; readonly deadlineMs: number }
  | { readonly phase: 'ended'; readonly outcome: RecognitionOutcome };

export type RecognitionInput =
  | { readonly type: 'promptEnded' }
  | { readonly type: 'promptFailed' }
  | { readonly type: 'tone'; readonly tone: Tone }
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'time' };

export function beginRecognition(rules: RecognitionRules, nowMs: number): RecognitionState {
  return rules.hasPrompt ? { phase: 'prompting' } : waiting(rules, nowMs);
}

/**
 * One recognition.
 *
 * ```
 * prompting ──promptEnded──▶ waiting ──tone──▶ keys ──enough, stop tone, silence──▶ ended
 *     │  └──tone, text that interrupt──┐ ├──text──▶ words ──silence───────────────▶ ended
 *     │                                └▶│  (a choice ends at its first tone or text)
 *     └──promptFailed──▶ ended           └──initial silence──▶ ended: failed 8510
 * ```
 * The first key or word decides between DTMF and speech where both are listened to. After `ended` nothing counts.
 */
export function stepRecognition(
  state: RecognitionState,
  input: RecognitionInput,
  rules: RecognitionRules,
  nowMs: number,
): RecognitionState {
  switch (input.type) {
    case 'promptEnded':
      return state.phase === 'prompting' ? waiting(rules, nowMs) : state;
    case 'promptFailed':
      return state.phase === 'prompting' ? failed(mediaResults.promptFailed) : state;
    case 'tone':
      return listens(state, rules) ? hearTone(state, input.tone, rules, nowMs) : state;
    case 'text':
      return listens(state, rules) ? hearText(state, input.text, rules, nowMs) : state;
    case 'time':
      return passTime(state, nowMs);
  }
}

/** When `time` is due next; undefined while there is nothing to wait for. */
export function recognitionDeadline(state: RecognitionState): number | undefined {
  switch (state.phase) {
    case 'waiting':
    case 'words':
      return state.deadlineMs;
    case 'keys':
      return state.collected.deadlineMs;
    case 'prompting':
    case 'ended':
      return undefined;
  }
}

function listens(state: RecognitionState, rules: RecognitionRules): boolean {
  return state.phase !== 'prompting' || rules.interruptPrompt;
}

function hearTone(
  state: RecognitionState,
  tone: Tone,
  { inputs }: RecognitionRules,
  nowMs: number,
): RecognitionState {
  if (state.phase === 'ended' || state.phase === 'words') return state;
  switch (inputs.type) {
    case 'dtmf':
    case 'speechOrDtmf': {
      const before = state.phase === 'keys' ? state.collected : NOTHING_COLLECTED;
      return collected(collectTone(before, tone, inputs.dtmf, nowMs));
    }
    case 'choices': {
      // Tones say nothing to a menu that has none.
      if (inputs.choices.every((choice) => choice.tone === undefined)) return state;
      const choice = choiceOfTone(inputs.choices, tone);
      return choice === undefined
        ? failed(mediaResults.wrongTone)
        : completed(mediaResults.toneChoice, { type: 'choices', choice });
    }
    case 'speech':
      return state;
  }
}

function hearText(
  state: RecognitionState,
  text: string,
  { inputs }: RecognitionRules,
  nowMs: number,
): RecognitionState {
  if (state.phase === 'ended' || state.phase === 'keys' || text.trim() === '') return state;
  switch (inputs.type) {
    case 'speech':
    case 'speechOrDtmf': {
      const before = state.phase === 'words' ? `${state.text} ` : '';
      return { phase: 'words', text: before + text.trim(), deadlineMs: nowMs + inputs.endSilenceMs };
    }
    case 'choices': {
      const choice = choiceOfText(inputs.choices, text);
      return choice === undefined
        ? failed(mediaResults.wrongSpeech)
        : completed(mediaResults.speechChoice, { type: 'choices', choice });
    }
    case 'dtmf':
      return state;
  }
}

function passTime(state: RecognitionState, nowMs: number): RecognitionState {
  switch (state.phase) {
    case 'waiting':
      return nowMs < state.deadlineMs ? state : failed(mediaResults.initialSilence);
    case 'words':
      return nowMs < state.deadlineMs
        ? state
        : completed(mediaResults.speechRecognized, { type: 'speech', text: state.text });
    case 'keys':
      return collected(collectionAt(state.collected, nowMs));
    case 'prompting':
    case 'ended':
      return state;
  }
}

function collected(collection: Collecting | Collected): RecognitionState {
  if (collection.type === 'collecting') return { phase: 'keys', collected: collection };
  const recognized = { type: 'dtmf', tones: collection.tones } as const;
  switch (collection.why) {
    case 'maxTones':
      return completed(mediaResults.maxTones, recognized);
    case 'stopTone':
      return completed(mediaResults.stopTone, recognized);
    case 'interToneTimeout':
      return failed(mediaResults.interToneSilence);
  }
}

function waiting(rules: RecognitionRules, nowMs: number): RecognitionState {
  return { phase: 'waiting', deadlineMs: nowMs + rules.initialSilenceMs };
}

function completed(
  result: ResultInformation,
  recognized: (RecognitionOutcome & { type: 'completed' })['recognized'],
): RecognitionState {
  return { phase: 'ended', outcome: { type: 'completed', result, recognized } };
}

function failed(result: ResultInformation): RecognitionState {
  return { phase: 'ended', outcome: { type: 'failed', result } };
}
