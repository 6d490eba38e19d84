/** Between the bytes on a lane and what a worker's handlers take and return. */
import { BYTES_PER_SAMPLE } from '../../../shared/audio/audio-format.ts';
import type { TraceParent } from '../../../shared/base/traceparent.ts';
import { formatRtp, parseRtp } from '../../../shared/wire/lane/rtp.ts';
import { readTrace } from '../../../shared/wire/lane/rtp-trace.ts';
import {
  type LaneEvent,
  parseLaneEvent,
  parseWorkerActions,
  type WorkerAction,
} from '../../../shared/wire/lane/worker-messages.ts';
import {
  formatOfPayloadType,
  fromPayload,
  isSpoken,
  type LaneAudioFormat,
  payloadTypeOf,
  pcmBytes,
  rateOf,
  toPayload,
} from './lane-audio.ts';
import type { LaneMemory } from './lane-memory.ts';
import type { AudioChunk, WorkerReply } from './worker.ts';

/** A longer reply is published in parts. The longest message of Web PubSub has 1,048,576 bytes, envelope included. */
const MAX_REPLY_BYTES = 1_000_000;
/** Longest audio of one action, as base64: 480,000 bytes, which are whole samples. */
const MAX_AUDIO_CHARS = 640_000;

class LaneMessageError extends Error {
  override readonly name = 'LaneMessageError';
}

/** Audio of the call. */
interface AudioEvent {
  readonly type: 'audio';
  readonly chunk: AudioChunk;
  /** The turn with which it was sent; undefined where no traces are recorded. */
  readonly trace: TraceParent | undefined;
}

/** What a worker has a handler for. */
export type WorkerEvent = AudioEvent | LaneEvent;

export interface LaneReply {
  readonly contentType: 'application/octet-stream' | 'application/json';
  readonly body: Uint8Array<ArrayBuffer> | string;
}

/**
 * Reads an event. JSON of an unknown type gives undefined, so that types can be added.
 * @throws LaneMessageError or RtpError when the body is not what its content type says.
 */
export function readWorkerEvent(contentType: string, body: Uint8Array): WorkerEvent | undefined {
  const mediaType = contentType.split(';', 1)[0]?.trim().toLowerCase();
  if (mediaType === 'application/octet-stream') return audioEvent(body);
  // JSON comes as text where the version of Web PubSub has no type for it in the protobuf subprotocols.
  if (mediaType === 'application/json' || mediaType === 'text/plain')
    return parseLaneEvent(parseEventText(new TextDecoder().decode(body)));
  throw new LaneMessageError('not supported: an event that is neither application/octet-stream nor JSON');
}

/**
 * The value of a JSON text. What an Error of `JSON.parse` says begins with the text, which may hold numbers of people
 * and is for no log.
 * @throws LaneMessageError that holds nothing of the text
 */
export function parseEventText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new LaneMessageError(`an event of ${text.length} characters is not JSON`);
  }
}

/** @throws LaneMessageError or RtpError for what is no packet of audio */
export function audioEvent(packet: Uint8Array): AudioEvent {
  return { type: 'audio', chunk: parseChunk(packet), trace: readTrace(packet) };
}

/** How long the audio of a packet is; 0 for what is no packet of audio. */
export function audioMsOf(packet: Uint8Array): number {
  try {
    const { payloadType, payload } = parseRtp(packet);
    const format = formatOfPayloadType(payloadType);
    if (format === undefined) return 0;
    const samples = format === 'pcmu' ? payload.byteLength : payload.byteLength / BYTES_PER_SAMPLE;
    return (samples / rateOf(format)) * 1_000;
  } catch {
    return 0;
  }
}

/** The chunk in an RTP packet; its samples are a view into `bytes` where their alignment allows. */
function parseChunk(bytes: Uint8Array): AudioChunk {
  const packet = parseRtp(bytes);
  const format = formatOfPayloadType(packet.payloadType);
  if (format === undefined) {
    throw new LaneMessageError(`not supported: audio of RTP payload type ${packet.payloadType}`);
  }
  if (format !== 'pcmu') requireWholeSamples(packet.payload.byteLength);
  const pcm = fromPayload(format, packet.payload);
  const sampleRateHz = rateOf(format);
  return {
    pcm,
    sampleRateHz,
    format,
    timestamp: packet.timestamp,
    marker: packet.marker,
    durationMs: (pcm.length / sampleRateHz) * 1_000,
    participant: packet.ssrc,
  };
}

/** What a handler has replied, as it is sent. */
interface WrittenReply {
  /** Published in the group of the call, one after the other: samples, or actions. */
  readonly parts: readonly (Uint8Array | readonly WorkerAction[])[];
  /** Travels in the answer to the event. */
  readonly answer: LaneReply | undefined;
}

/**
 * Writes a reply, placed at the time of the event it answers and under the turn of the lane. It is published in parts
 * where it is too long for one message, or where something published comes after it (`isApart`).
 * @throws LaneMessageError naming what a reply must be.
 */
export function writeReply(
  reply: WorkerReply,
  lane: LaneMemory,
  event: WorkerEvent,
  isApart: boolean,
): WrittenReply {
  if (reply === undefined) return { parts: [], answer: undefined };
  if (isSpoken(reply)) {
    const format = formatOfReply(lane, event);
    const payload = pcmBytes(reply, format);
    if (payload.byteLength === 0) return { parts: [], answer: undefined };
    if (isApart || payload.byteLength > MAX_REPLY_BYTES) return { parts: [payload], answer: undefined };
    const body = formatAudio(payload, format, lane, event);
    return { parts: [], answer: { contentType: 'application/octet-stream', body } };
  }
  const actions = actionsOf(reply, lane);
  if (actions.length === 0) return { parts: [], answer: undefined };
  const body = JSON.stringify({ actions, number: lane.seq });
  if (isApart || body.length > MAX_REPLY_BYTES)
    return { parts: actions.flatMap(messagesOf), answer: undefined };
  return { parts: [], answer: { contentType: 'application/json', body } };
}

function actionsOf(reply: WorkerReply, { turn }: LaneMemory): WorkerAction[] {
  const { actions, ignored } = parseWorkerActions(reply);
  if (ignored > 0) {
    throw new LaneMessageError(
      'a handler returns samples (Int16Array), their bytes (Uint8Array), { samples, sampleRateHz }, { actions: [play | stop | publish] }, or nothing; this one returned ' +
        nameOf(reply),
    );
  }
  return actions.map((action) => (action.type === 'play' ? { turn, ...action } : action));
}

function nameOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return `a ${typeof value}`;
  if ('actions' in value) return 'actions of which at least one is none of these';
  return `a value of the type ${value.constructor?.name ?? 'object'}`;
}

/** An action as one message, or as several where its audio is too long for one. */
function messagesOf(action: WorkerAction): WorkerAction[][] {
  if (action.type === 'play' && action.audio.length > MAX_AUDIO_CHARS) {
    const parts: WorkerAction[][] = [];
    for (let at = 0; at < action.audio.length; at += MAX_AUDIO_CHARS)
      parts.push([{ ...action, audio: action.audio.slice(at, at + MAX_AUDIO_CHARS) }]);
    return parts;
  }
  const { length } = JSON.stringify(action);
  if (length > MAX_REPLY_BYTES) {
    throw new LaneMessageError(
      `an action "${action.type}" has at most ${MAX_REPLY_BYTES} characters, this one has ${length}`,
    );
  }
  return [[action]];
}

function formatOfReply(lane: LaneMemory, event: WorkerEvent): LaneAudioFormat {
  const format = event.type === 'audio' ? event.chunk.format : lane.format;
  if (format === undefined)
    throw new LaneMessageError('there can be no audio before call.started, which names its format');
  return format;
}

function formatAudio(
  payload: Uint8Array,
  format: LaneAudioFormat,
  lane: LaneMemory,
  event: WorkerEvent,
): Uint8Array<ArrayBuffer> {
  requireWholeSamples(payload.byteLength);
  const chunk = event.type === 'audio' ? event.chunk : undefined;
  return formatRtp({
    payloadType: payloadTypeOf(format),
    marker: chunk?.marker ?? true,
    sequenceNumber: lane.seq,
    timestamp: chunk?.timestamp ?? lane.at,
    ssrc: lane.turn,
    payload: toPayload(format, payload),
  });
}

function requireWholeSamples(bytes: number): void {
  if (bytes % 2 !== 0) throw new LaneMessageError(`PCM16 audio has an even number of bytes, not ${bytes}`);
}
