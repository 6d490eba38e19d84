/**
 * What the application sends to the call ("outbound" in the SDKs' words). Microsoft's four SDKs write the same message
 * in four casings, and the JavaScript SDK puts `"stopAudio":{}` into every audio message too; so names are compared
 * without case, and the kind alone decides what a message is.
 */
import { isRecord, jsonOf } from '../../common/json.ts';

/**
 * Longest message that is taken, in bytes. Microsoft documents data packets of 64 KB; a second of 24 kHz audio
 * (64,076 bytes as the JavaScript SDK writes it) is within.
 */
export const MAX_OUTBOUND_BYTES = 64 * 1024;

/** Why a message is ignored, and what an application does about it. */
export const IGNORED = {
  binary: 'a binary message: audio goes as JSON in text messages',
  oversized: `a message of more than ${MAX_OUTBOUND_BYTES} bytes (64 KB): send shorter pieces`,
  notJson: 'a message that is not JSON',
  notAnObject: 'JSON that is not an object',
  noKind: 'a message without "kind", or one that is no string: it must be "AudioData" or "StopAudio"',
  unknownKind: 'a message whose "kind" is neither "AudioData" nor "StopAudio"',
  noAudio: 'AudioData without the string "audioData.data"',
  notBase64: 'audio that is not base64 of the standard alphabet with its padding',
  oddLength: 'audio of an odd number of bytes: a sample has two (PCM16, little-endian)',
  notBidirectional: 'the call was answered without enableBidirectional, so the application can only listen',
} as const;

export type IgnoredReason = keyof typeof IGNORED;

export type UsableMessage =
  | { readonly type: 'audio'; readonly samples: Int16Array }
  | { readonly type: 'stopAudio' };

export type OutboundMessage = UsableMessage | { readonly type: 'ignored'; readonly reason: IgnoredReason };

/** The base64 text of an audio message; undefined of any other, and of what is no message. Never throws. */
export function audioTextOf(bytes: Buffer): string | undefined {
  const message = jsonOf(bytes.toString('utf8'));
  if (!isRecord(message) || kindOf(message) !== 'audiodata') return undefined;
  const data = audioData(message);
  return typeof data === 'string' ? data : undefined;
}

/** Reads one WebSocket message. Never throws: what is not understood is an ignored message with its reason. */
export function parseOutbound(bytes: Buffer, isBinary: boolean): OutboundMessage {
  if (isBinary) return ignored('binary');
  if (bytes.length > MAX_OUTBOUND_BYTES) return ignored('oversized');
  const message = jsonOf(bytes.toString('utf8'));
  if (message === undefined) return ignored('notJson');
  if (!isRecord(message)) return ignored('notAnObject');
  const kind = kindOf(message);
  switch (kind) {
    case undefined:
      return ignored('noKind');
    case 'audiodata':
      return parseAudio(audioData(message));
    case 'stopaudio':
      return { type: 'stopAudio' };
    default:
      return ignored('unknownKind');
  }
}

/** In lower case. */
function kindOf(message: Readonly<Record<string, unknown>>): string | undefined {
  const kind = member(message, 'kind');
  return typeof kind === 'string' ? kind.toLowerCase() : undefined;
}

function audioData(message: Readonly<Record<string, unknown>>): unknown {
  const audio = member(message, 'audiodata');
  return isRecord(audio) ? member(audio, 'data') : undefined;
}

function parseAudio(data: unknown): OutboundMessage {
  if (typeof data !== 'string') return ignored('noAudio');
  const samples = decodePcm16(data);
  return typeof samples === 'string' ? ignored(samples) : { type: 'audio', samples };
}

function ignored(reason: IgnoredReason): OutboundMessage {
  return { type: 'ignored', reason };
}

/** The member of this name in any casing; the last one where there are several, as JSON readers do with duplicates. */
function member(object: Readonly<Record<string, unknown>>, lowerCaseName: string): unknown {
  let found: unknown;
  for (const [name, value] of Object.entries(object)) {
    if (name.toLowerCase() === lowerCaseName) found = value;
  }
  return found;
}

/**
 * The samples, in an array of their own, or why there are none. Only the standard alphabet with padding is taken, as
 * .NET's `Convert.FromBase64String` takes it.
 */
export function decodePcm16(base64: string): Int16Array | 'notBase64' | 'oddLength' {
  if (base64.length % 4 !== 0) return 'notBase64';
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
  const length = (base64.length / 4) * 3 - padding;
  const bytes = new Uint8Array(length + (length % 2));
  // Node passes over what is not base64, so that less is written than there should be; of the URL's alphabet it makes
  // bytes.
  const written = Buffer.from(bytes.buffer).write(base64, 'base64');
  if (written !== length || base64.includes('-') || base64.includes('_')) return 'notBase64';
  return length % 2 === 0 ? new Int16Array(bytes.buffer) : 'oddLength';
}
