/**
 * JSON messages between relay and workers on a lane (audio travels as RTP, see `rtp.ts`).
 * Both sides ignore types that they do not know, so that types can be added.
 */
import * as z from 'zod';
import { AUDIO_FORMAT_NAMES } from '../../audio/audio-format.ts';

/** Longest `data` of a message to a worker, as JSON text in characters. */
export const MAX_MESSAGE_DATA_CHARS = 16_384;

const participant = z.object({ ssrc: z.int().nonnegative(), rawId: z.string() });

const callStarted = z.object({
  type: z.literal('call.started'),
  callId: z.string(),
  callConnectionId: z.string(),
  correlationId: z.string().optional(),
  /** Raw ids of caller and called. */
  from: z.string(),
  to: z.string(),
  format: z.enum(AUDIO_FORMAT_NAMES),
  /** The worker's listen mode in the call's plan. */
  listen: z.string().exactOptional(),
  participants: z.array(participant),
  turn: z.int().nonnegative(),
  /** Where and with which token the worker acts on this call, and on no other. */
  control: z.object({ url: z.string(), token: z.string(), peer: z.string() }).exactOptional(),
  /** The lane is a new one of a call that was under way: the worker's state ended with the old lane. */
  resumed: z.boolean().exactOptional(),
  /** With `resumed`: audio was lost between the two lanes. */
  discontinuity: z.boolean().exactOptional(),
  /** The span of the call's stream, where traces are recorded (W3C Trace Context). */
  traceparent: z.string().exactOptional(),
});

const laneEvent = z.discriminatedUnion('type', [
  callStarted,
  z.object({ type: z.literal('participant'), ssrc: z.int().nonnegative(), rawId: z.string() }),
  z.object({ type: z.literal('dtmf'), tone: z.string() }),
  /** A participant speaks. `timestamp`: the first sample of speech, in samples since the stream's start. */
  z.object({
    type: z.literal('speech.started'),
    ssrc: z.int().nonnegative(),
    timestamp: z.int().nonnegative(),
  }),
  /**
   * The participant has finished. `timestamp`: the sample after the last of speech; `durationMs`: from the first to it.
   */
  z.object({
    type: z.literal('speech.ended'),
    ssrc: z.int().nonnegative(),
    timestamp: z.int().nonnegative(),
    durationMs: z.number(),
  }),
  /** `turn`: the one that replies belong to from now on. `playedMs`: how much of the reply was heard. */
  z.object({ type: z.literal('interrupted'), turn: z.int().nonnegative(), playedMs: z.number() }),
  /** All that the worker has said so far was heard, `playedMs` of it. Counting starts over with what it says next. */
  z.object({ type: z.literal('played'), turn: z.int().nonnegative(), playedMs: z.number() }),
  /** A message from outside the call to the worker: any JSON. */
  z.object({ type: z.literal('message'), data: z.json() }),
  z.object({ type: z.literal('call.ended'), reason: z.string() }),
]);

/** What the relay tells a worker about its call. */
export type LaneEvent = z.infer<typeof laneEvent>;

const action = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('play'),
    format: z.enum(AUDIO_FORMAT_NAMES),
    audio: z.base64(),
    turn: z.int().nonnegative().exactOptional(),
  }),
  z.object({ type: z.literal('stop') }),
  z.looseObject({ type: z.literal('publish'), text: z.string() }),
  z.object({ type: z.literal('failed'), text: z.string() }),
]);

/**
 * What a worker asks the relay to do. `play`: PCM16 in base64; dropped unless `turn` is the current one, to which it
 * defaults. `stop`: drop what this worker has said and the caller has not heard. `publish`: show the text in the
 * console. `failed`: the worker could not handle the event that this answers; its audio is lost.
 */
export type WorkerAction = z.infer<typeof action>;

/** An event, or undefined for a type that this version does not know or a body that is none. */
export function parseLaneEvent(value: unknown): LaneEvent | undefined {
  return laneEvent.safeParse(value).data;
}

/** The actions of a worker's JSON reply in order, and how many entries were not understood. */
export function parseWorkerActions(value: unknown): { actions: WorkerAction[]; ignored: number } {
  const list = z.object({ actions: z.array(z.unknown()) }).safeParse(value).data?.actions;
  if (list === undefined) return { actions: [], ignored: 1 };
  const actions = list.map((entry) => action.safeParse(entry).data).filter((entry) => entry !== undefined);
  return { actions, ignored: list.length - actions.length };
}
