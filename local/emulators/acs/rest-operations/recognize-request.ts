import { type Fields, invalid } from '../http/fields.ts';
import type { Choice, DtmfRules } from '../media-operations/collection.ts';
import { readPlaySource, readPlaySources } from '../media-operations/play-source.ts';
import type { RecognitionInputs } from '../media-operations/recognition-machine.ts';
import type { RecognizeRequest } from '../media-operations/recognize-operation.ts';
import { ALL_TONES } from '../media-operations/tones.ts';
import { knowsPlayStarted } from './api-versions.ts';
import { readReplyTo, requireIdentifier } from './request-fields.ts';

/** Defaults and bounds: Microsoft Learn, "Gather user input with Recognize action", parameter table. */
const DEFAULT_INITIAL_SILENCE_S = 5;
const MAX_INITIAL_SILENCE_S = { dtmf: 300, choices: 20, speech: 20, speechOrDtmf: 300 } as const;
const DEFAULT_INTER_TONE_S = 2;
const MAX_INTER_TONE_S = 60;
const DEFAULT_END_SILENCE_MS = 500;
const MAX_END_SILENCE_MS = 60_000;
const MAX_TONES = 1_000;
const MAX_CHOICES = 100;

const TYPES = ['dtmf', 'speech', 'speechOrDtmf', 'choices'] as const;
type InputType = (typeof TYPES)[number];

/** `RecognizeRequest`. @throws RefusedError 400 8523 */
export function readRecognizeRequest(
  fields: Fields,
  apiVersion: string,
): { readonly request: RecognizeRequest; readonly interrupts: boolean } {
  const type = fields.oneOf('recognizeInputType', TYPES);
  const options = fields.object('recognizeOptions');
  if (type === undefined) throw invalid('The field recognizeInputType is required.');
  if (options === undefined) throw invalid('The field recognizeOptions is required.');
  const prompt = fields.object('playPrompt');
  const several = fields.objects('playPrompts');
  const prompts =
    several.length > 0 || prompt === undefined ? readPlaySources(several) : [readPlaySource(prompt)];
  const silenceS =
    options.whole('initialSilenceTimeoutInSeconds', 0, MAX_INITIAL_SILENCE_S[type]) ??
    DEFAULT_INITIAL_SILENCE_S;
  return {
    request: {
      rules: {
        inputs: readInputs(type, options),
        hasPrompt: prompts.length > 0,
        interruptPrompt: options.flag('interruptPrompt', true),
        initialSilenceMs: silenceS * 1_000,
      },
      target: requireIdentifier(options, 'targetParticipant').rawId,
      prompts,
      tellsStart: knowsPlayStarted(apiVersion),
      replyTo: readReplyTo(fields),
    },
    interrupts: fields.flag('interruptCallMediaOperation', true),
  };
}

function readInputs(type: InputType, options: Fields): RecognitionInputs {
  switch (type) {
    case 'dtmf':
      return { type, dtmf: readDtmf(options) };
    case 'speech':
      return { type, endSilenceMs: readEndSilence(options) };
    case 'speechOrDtmf':
      return { type, endSilenceMs: readEndSilence(options), dtmf: readDtmf(options) };
    case 'choices':
      return { type, choices: readChoices(options) };
  }
}

function readDtmf(options: Fields): DtmfRules {
  const dtmf = options.object('dtmfOptions');
  const timeoutS = dtmf?.whole('interToneTimeoutInSeconds', 1, MAX_INTER_TONE_S) ?? DEFAULT_INTER_TONE_S;
  return {
    interToneTimeoutMs: timeoutS * 1_000,
    maxTones: dtmf?.whole('maxTonesToCollect', 1, MAX_TONES),
    stopTones: dtmf?.eachOf('stopTones', ALL_TONES) ?? [],
  };
}

function readEndSilence(options: Fields): number {
  const speech = options.object('speechOptions');
  return speech?.whole('endSilenceTimeoutInMs', 0, MAX_END_SILENCE_MS) ?? DEFAULT_END_SILENCE_MS;
}

function readChoices(options: Fields): readonly Choice[] {
  const choices = options.objects('choices').map((choice) => ({
    label: choice.text('label'),
    phrases: choice.textList('phrases'),
    tone: choice.oneOf('tone', ALL_TONES),
  }));
  if (choices.length === 0 || choices.length > MAX_CHOICES)
    throw invalid(`The field recognizeOptions.choices must hold 1 to ${MAX_CHOICES} choices.`);
  const withTone = choices.filter(({ tone }) => tone !== undefined).length;
  if (withTone !== 0 && withTone !== choices.length)
    throw invalid('Either every choice must have a tone or none.');
  return choices;
}
