/**
 * JSON messages between relay and workers on a lane. Audio travels as RTP, see `rtp.ts`.
 * Both sides ignore types that they do not know, so that later versions can add types.
 */
import * as z from 'zod';
import { AUDIO_FORMAT_NAMES } from '../../audio/audio-format.ts';
import { TEXT_KINDS } from '../../call/plan.ts';

/** Longest `data` of a message to a worker, as JSON text in characters. */
export const MAX_MESSAGE_DATA_CHARS = 16_384;

/** Longest `data` of a mark, as JSON text in characters. */
const MAX_MARK_CHARS = 1_024;
/** Levels of JSON from outside: what checks it calls itself for each level, and the stack has an end. */
const MAX_DATA_DEPTH = 32;

type Json = z.core.util.JSONType;

/** JSON of at most `MAX_DATA_DEPTH` levels and `maxChars` characters. */
export function boundedJson(maxChars: number) {
  return z.custom<Json>((value) => isJson(value) && JSON.stringify(value).length <= maxChars, {
    error: `data must be JSON of at most ${maxChars} characters and ${MAX_DATA_DEPTH} levels`,
  });
}

function isJson(value: unknown, depth = MAX_DATA_DEPTH): boolean {
  if (typeof value !== 'object' || value === null)
    return value === null || ['string', 'boolean'].includes(typeof value) || Number.isFinite(value);
  return depth > 0 && Object.values(value).every((each) => isJson(each, depth - 1));
}

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
  /** The listen mode of the worker in the call's plan. */
  listen: z.string().exactOptional(),
  participants: z.array(participant),
  turn: z.int().nonnegative(),
  /** What the worker needs to act on this call. The token opens no other call. */
  control: z.object({ url: z.string(), token: z.string(), peer: z.string() }).exactOptional(),
  /** The call has been going on, and this lane is new: the worker's state went with the old lane. */
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
  /** The participant has finished. `timestamp`: the sample after the speech. `durationMs`: how long the speech was. */
  z.object({
    type: z.literal('speech.ended'),
    ssrc: z.int().nonnegative(),
    timestamp: z.int().nonnegative(),
    durationMs: z.number(),
  }),
  /** `turn`: the turn of replies from now on. `playedMs`: how much of the worker's audio the caller has heard. */
  z.object({ type: z.literal('interrupted'), turn: z.int().nonnegative(), playedMs: z.number() }),
  /** The caller has heard everything the worker has said, which took `playedMs`. The count starts again from 0. */
  z.object({ type: z.literal('played'), turn: z.int().nonnegative(), playedMs: z.number() }),
  /**
   * Answers a `mark` once. `played`: the caller has heard everything that the worker had said. `interrupted`: the
   * worker was interrupted. `stopped`: the worker stopped, or the stream ended, before all of it was heard.
   */
  z.object({
    type: z.literal('marked'),
    outcome: z.enum(['played', 'interrupted', 'stopped']),
    data: boundedJson(MAX_MARK_CHARS),
  }),
  /**
   * Audio of the worker is dropped: `heldMs` of it wait to be played, and no more than `maxMs` may now. `number`: the
   * RTP sequence number of what was dropped, if that had one.
   */
  z.object({
    type: z.literal('refused'),
    reason: z.string(),
    heldMs: z.number(),
    maxMs: z.number(),
    number: z.int().nonnegative().exactOptional(),
  }),
  /** A message from outside the call, in any JSON. */
  z.object({ type: z.literal('message'), data: boundedJson(MAX_MESSAGE_DATA_CHARS) }),
  z.object({ type: z.literal('call.ended'), reason: z.string() }),
]);

/** What the relay sends a worker about its call. */
export type LaneEvent = z.infer<typeof laneEvent>;

const action = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('play'),
    format: z.enum(AUDIO_FORMAT_NAMES),
    audio: z.base64(),
    turn: z.int().nonnegative().exactOptional(),
  }),
  z.object({ type: z.literal('stop') }),
  z.object({ type: z.literal('publish'), text: z.string(), kind: z.enum(TEXT_KINDS).exactOptional() }),
  z.object({ type: z.literal('failed'), text: z.string() }),
  z.object({
    type: z.literal('mark'),
    data: boundedJson(MAX_MARK_CHARS),
    turn: z.int().nonnegative().exactOptional(),
  }),
]);

/**
 * What a worker asks the relay to do. `play`: PCM16 in base64. The relay drops it when `turn` is not the current turn,
 * which is also the default. `stop`: drop what this worker has said and the caller has not heard. `publish`: show the
 * text to people who look at the call; its `kind` defaults to `note`. `failed`: the worker could not handle the event
 * that this answers, and its audio is lost. `mark`: send `marked` with this `data` once everything that the worker has
 * said so far was heard, or will not be, which is at once for an old `turn`.
 */
export type WorkerAction = z.infer<typeof action>;

const listening = z.object({ type: z.literal('listening'), turn: z.int().nonnegative() });

/**
 * Says that a handler of a function worker runs in this turn and listens in the worker's group of the call. The relay
 * publishes there what ends the handler early, since an event would wait for the handler's answer.
 */
export type HandlerListening = z.infer<typeof listening>;

/** Undefined for anything else. */
export function parseListening(value: unknown): HandlerListening | undefined {
  return listening.safeParse(value).data;
}

/** Returns undefined for a type that this version does not know, and for a value that is not an event. */
export function parseLaneEvent(value: unknown): LaneEvent | undefined {
  return laneEvent.safeParse(value).data;
}

/** Each part of a message that cannot be read is missing: other versions write it in another way. */
const actionsMessage = z.object({
  actions: z.array(z.unknown()),
  number: z.int().min(0).max(0xffff).optional().catch(undefined),
});

/**
 * The actions of a worker's JSON reply in order, and how many entries this version does not understand. `number`: the
 * same where the message comes twice, since the same event was handled twice or the answer to a request was lost.
 */
export function parseWorkerActions(value: unknown): {
  actions: WorkerAction[];
  ignored: number;
  number: number | undefined;
} {
  const message = actionsMessage.safeParse(value).data;
  if (message === undefined) return { actions: [], ignored: 1, number: undefined };
  const { actions: list, number } = message;
  const actions = list.map((entry) => action.safeParse(entry).data).filter((entry) => entry !== undefined);
  return { actions, ignored: list.length - actions.length, number };
}
