/**
 * Messages of the media WebSocket that Azure Communication Services opens for a call (Call Automation, "audio
 * streaming": one JSON text message each, in both directions).
 *
 * Reading is tolerant, because the official SDKs of four languages disagree in casing, in which members exist, and in
 * whether `kind` decides. It finds members in any casing, takes `null` for missing, and goes by the member that a
 * message has when its `kind` is unknown. Writing uses the smallest form that Microsoft's own programs use.
 */
import { beginningOf } from '../base/beginning-of.ts';

/** `length` of the message of the service is in bytes. */
export interface AudioMetadata {
  readonly kind: 'audioMetadata';
  readonly subscriptionId?: string;
  readonly encoding?: string;
  readonly sampleRateHz?: number;
  readonly channels?: number;
  readonly frameBytes?: number;
}

export interface AudioData {
  readonly kind: 'audioData';
  /** PCM16 little-endian, as it came; undefined where the message has none. */
  readonly data?: Buffer;
  /** When the audio was captured, in milliseconds since the epoch. */
  readonly timestampMs?: number;
  /** Raw id of the speaker; missing when the call's audio is mixed. */
  readonly participantRawId?: string;
  readonly silent: boolean;
}

interface DtmfData {
  readonly kind: 'dtmfData';
  /** The character of the key. */
  readonly tone: string;
  readonly timestampMs?: number;
  readonly participantRawId?: string;
}

interface TranscriptionMetadata {
  readonly kind: 'transcriptionMetadata';
  readonly subscriptionId?: string;
  readonly locale?: string;
  readonly callConnectionId?: string;
  readonly correlationId?: string;
}

interface TranscriptionData {
  readonly kind: 'transcriptionData';
  readonly text: string;
  /** In the casing of the service, which differs: `Final`, `final`, `Intermediate`. */
  readonly resultStatus?: string;
  readonly confidence?: number;
  /** In units of 100 ns, as are all offsets and durations of the service. */
  readonly offset?: number;
  readonly duration?: number;
  readonly participantRawId?: string;
}

/** A JSON object of an unknown kind, or one without the member that its kind promises. */
interface UnknownFrame {
  readonly kind: 'unknown';
  /** What the message called itself, cut to a length that fits a log. */
  readonly name: string;
}

export type MediaFrame =
  | AudioMetadata
  | AudioData
  | DtmfData
  | TranscriptionMetadata
  | TranscriptionData
  | UnknownFrame;

const UNKNOWN_NAME_MAX = 40;

const KINDS = [
  'audioData',
  'audioMetadata',
  'dtmfData',
  'transcriptionMetadata',
  'transcriptionData',
] as const;
type Kind = (typeof KINDS)[number];

/** Reads one message. Undefined when it is no JSON object; never throws. */
export function parseMediaFrame(text: string | Buffer): MediaFrame | undefined {
  const message = parseObject(typeof text === 'string' ? text : text.toString('utf8'));
  if (message === undefined) return undefined;
  const name = textMember(message, 'kind');
  const kind = name === undefined ? kindByMember(message) : kindByName(name);
  const unknown: UnknownFrame = { kind: 'unknown', name: beginningOf(name ?? '', UNKNOWN_NAME_MAX) };
  if (kind === undefined) return unknown;
  const body = objectMember(message, kind);
  return body === undefined ? unknown : readBody(kind, body);
}

/** The message that plays PCM16 in the call. Built by hand: JSON.stringify of audio costs more than everything else. */
export function formatAudioData(pcm: Uint8Array): string {
  const base64 = Buffer.from(pcm.buffer, pcm.byteOffset, pcm.byteLength).toString('base64');
  return `{"kind":"AudioData","audioData":{"data":"${base64}"}}`;
}

/** The message that makes ACS drop all audio that it has and has not played. */
export function formatStopAudio(): string {
  return '{"kind":"StopAudio","stopAudio":{}}';
}

function readBody(kind: Kind, body: JsonObject): MediaFrame {
  switch (kind) {
    case 'audioData':
      return audioData(body);
    case 'audioMetadata':
      return audioMetadata(body);
    case 'dtmfData':
      return dtmfData(body);
    case 'transcriptionMetadata':
      return transcriptionMetadata(body);
    case 'transcriptionData':
      return transcriptionData(body);
  }
}

function audioMetadata(body: JsonObject): AudioMetadata {
  return {
    kind: 'audioMetadata',
    ...optional('subscriptionId', textMember(body, 'subscriptionId')),
    ...optional('encoding', textMember(body, 'encoding')),
    ...optional('sampleRateHz', numberMember(body, 'sampleRate')),
    ...optional('channels', numberMember(body, 'channels')),
    ...optional('frameBytes', numberMember(body, 'length')),
  };
}

function audioData(body: JsonObject): AudioData {
  const data = textMember(body, 'data');
  return {
    kind: 'audioData',
    ...optional('data', data === undefined ? undefined : Buffer.from(data, 'base64')),
    ...optional('timestampMs', timeMember(body, 'timestamp')),
    ...optional('participantRawId', textMember(body, 'participantRawID')),
    // The service writes `silent`, its SDKs write `isSilent` in the other direction.
    silent: (member(body, 'silent') ?? member(body, 'isSilent')) === true,
  };
}

function dtmfData(body: JsonObject): DtmfData | UnknownFrame {
  const tone = textMember(body, 'data');
  if (tone === undefined || tone === '') return { kind: 'unknown', name: 'DtmfData without data' };
  return {
    kind: 'dtmfData',
    tone,
    ...optional('timestampMs', timeMember(body, 'timestamp')),
    ...optional('participantRawId', textMember(body, 'participantRawID')),
  };
}

function transcriptionMetadata(body: JsonObject): TranscriptionMetadata {
  return {
    kind: 'transcriptionMetadata',
    ...optional('subscriptionId', textMember(body, 'subscriptionId')),
    ...optional('locale', textMember(body, 'locale')),
    ...optional('callConnectionId', textMember(body, 'callConnectionId')),
    ...optional('correlationId', textMember(body, 'correlationId')),
  };
}

function transcriptionData(body: JsonObject): TranscriptionData {
  return {
    kind: 'transcriptionData',
    text: textMember(body, 'text') ?? '',
    ...optional('resultStatus', textMember(body, 'resultStatus')),
    ...optional('confidence', numberMember(body, 'confidence')),
    ...optional('offset', numberMember(body, 'offset')),
    ...optional('duration', numberMember(body, 'duration')),
    ...optional('participantRawId', textMember(body, 'participantRawID')),
  };
}

type JsonObject = { readonly [name: string]: unknown };

function parseObject(text: string): JsonObject | undefined {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function asObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined;
}

function kindByName(name: string): Kind | undefined {
  const wanted = name.toLowerCase();
  return KINDS.find((kind) => kind.toLowerCase() === wanted);
}

function kindByMember(message: JsonObject): Kind | undefined {
  return KINDS.find((kind) => objectMember(message, kind) !== undefined);
}

/** The value of a member in whatever casing; the exact one first, since that is the common case. */
function member(object: JsonObject, name: string): unknown {
  if (Object.hasOwn(object, name)) return object[name];
  const wanted = name.toLowerCase();
  const found = Object.keys(object).find((key) => key.toLowerCase() === wanted);
  return found === undefined ? undefined : object[found];
}

function objectMember(object: JsonObject, name: string): JsonObject | undefined {
  return asObject(member(object, name));
}

function textMember(object: JsonObject, name: string): string | undefined {
  const value = member(object, name);
  return typeof value === 'string' ? value : undefined;
}

function numberMember(object: JsonObject, name: string): number | undefined {
  const value = member(object, name);
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function timeMember(object: JsonObject, name: string): number | undefined {
  const ms = Date.parse(textMember(object, name) ?? '');
  return Number.isNaN(ms) ? undefined : ms;
}

function optional<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { readonly [key in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [key in Name]: Value });
}
