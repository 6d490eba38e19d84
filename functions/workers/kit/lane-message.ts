/** Between the bytes on a lane and what a worker's handlers take and return. */
import type { TraceParent } from '../../../shared/base/traceparent.ts';
import { formatRtp, parseRtp } from '../../../shared/wire/lane/rtp.ts';
import { readTrace } from '../../../shared/wire/lane/rtp-trace.ts';
import {
  type LaneEvent,
  parseLaneEvent,
  parseWorkerActions,
} from '../../../shared/wire/lane/worker-messages.ts';
import { formatOfPayloadType, fromPayload, payloadTypeOf, rateOf, toPayload } from './lane-audio.ts';
import type { LaneMemory } from './lane-memory.ts';
import type { AudioChunk, WorkerReply } from './worker.ts';

/** Longest reply in bytes: the longest message of Web PubSub (about half a minute of audio). */
export const MAX_REPLY_BYTES = 1_048_576;

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

/**
 * Writes a reply, placed at the time of the event it answers and under the turn of the lane. Undefined: no reply.
 * @throws LaneMessageError naming what a reply must be.
 */
export function formatReply(reply: WorkerReply, lane: LaneMemory, event: WorkerEvent): LaneReply | undefined {
  if (reply === undefined) return undefined;
  if (reply instanceof Int16Array || reply instanceof Uint8Array) {
    const payload = new Uint8Array(reply.buffer, reply.byteOffset, reply.byteLength);
    if (payload.byteLength === 0) return undefined;
    return { contentType: 'application/octet-stream', body: formatAudio(payload, lane, event) };
  }
  const { actions, ignored } = parseWorkerActions(reply);
  if (ignored > 0) {
    throw new LaneMessageError(
      'a handler returns samples (Int16Array), their bytes (Uint8Array), { actions: [play | stop | publish] }, or nothing',
    );
  }
  if (actions.length === 0) return undefined;
  const body = JSON.stringify({
    actions: actions.map((action) => (action.type === 'play' ? { turn: lane.turn, ...action } : action)),
  });
  requireSendable(body.length);
  return { contentType: 'application/json', body };
}

function formatAudio(payload: Uint8Array, lane: LaneMemory, event: WorkerEvent): Uint8Array<ArrayBuffer> {
  requireWholeSamples(payload.byteLength);
  requireSendable(payload.byteLength);
  const chunk = event.type === 'audio' ? event.chunk : undefined;
  const format = chunk?.format ?? lane.format;
  if (format === undefined)
    throw new LaneMessageError('there can be no audio before call.started, which names its format');
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

function requireSendable(bytes: number): void {
  if (bytes > MAX_REPLY_BYTES) {
    throw new LaneMessageError(`a reply has at most ${MAX_REPLY_BYTES} bytes, this one has ${bytes}`);
  }
}
