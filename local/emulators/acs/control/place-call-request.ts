import type { PlaceCallRequest } from '../exchange/switchboard.ts';
import { Fields, invalid } from '../http/fields.ts';

const DEFAULT_TAIL_MS = 2_000;
const DEFAULT_MAX_MS = 60_000;
const LONGEST_MS = 60 * 60_000;
const MAX_DELIVERIES = 10;
const SAMPLE_RATES = [8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000];
// One class without groups: a pattern of groups runs out of stack on minutes of audio. The length is checked beside it.
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/**
 * `POST /control/calls`: `{from, to, speech?: {audio, sampleRateHz}, tailMs?, maxMs?, sipHeaders?, voipHeaders?,
 * callerDisplayName?, onBehalfOf?, deliveries?}`; `audio` is base64 of PCM16 little-endian mono.
 * @throws RefusedError 400
 */
export function parsePlaceCall(body: unknown): PlaceCallRequest {
  const fields = new Fields(body);
  const speech = fields.object('speech');
  const request: PlaceCallRequest = {
    from: fields.text('from'),
    to: fields.text('to'),
    phone: {
      speech: speech && parseSpeech(speech),
      tailMs: fields.whole('tailMs', 0, LONGEST_MS) ?? DEFAULT_TAIL_MS,
      maxMs: fields.whole('maxMs', 1, LONGEST_MS) ?? DEFAULT_MAX_MS,
    },
    sipHeaders: fields.texts('sipHeaders'),
    voipHeaders: fields.texts('voipHeaders'),
    deliveries: fields.whole('deliveries', 1, MAX_DELIVERIES) ?? 1,
    callerDisplayName: fields.optionalText('callerDisplayName'),
    onBehalfOf: fields.optionalText('onBehalfOf'),
  };
  const [unknown] = [...fields.unread(), ...(speech?.unread() ?? [])];
  if (unknown !== undefined) throw invalid(`The field ${unknown} is unknown.`);
  return request;
}

function parseSpeech(fields: Fields): { samples: Int16Array; sampleRateHz: number } {
  const audio = fields.text('audio');
  const sampleRateHz = fields.whole('sampleRateHz', 0, 1_000_000);
  if (sampleRateHz === undefined || !SAMPLE_RATES.includes(sampleRateHz)) {
    throw invalid(`The field speech.sampleRateHz must be one of ${SAMPLE_RATES.join(', ')}.`);
  }
  if (audio.length % 4 !== 0 || !BASE64.test(audio)) throw invalid('The field speech.audio must be base64.');
  const bytes = Buffer.from(audio, 'base64');
  if (bytes.length % 2 !== 0) throw invalid('The field speech.audio must hold whole 16-bit samples.');
  const samples = new Int16Array(bytes.length / 2);
  for (let index = 0; index < samples.length; index++) samples[index] = bytes.readInt16LE(index * 2);
  return { samples, sampleRateHz };
}
