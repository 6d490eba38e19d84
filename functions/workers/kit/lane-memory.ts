/**
 * What a lane remembers between two events. It travels both ways in the header `ce-connectionState` of Web PubSub, as
 * base64 of JSON: there is no database, and it ends with the connection.
 */
import * as z from 'zod';
import { AUDIO_FORMAT_NAMES } from '../../../shared/audio/audio-format.ts';

/** Longest header value in characters. It travels with every event, so it stays small against the audio itself. */
const MAX_STATE_CHARS = 2_560;

const laneState = z.object({
  v: z.literal(1),
  /** The turn that replies belong to. */
  turn: z.int().nonnegative(),
  /** The number of the next reply: the sequence number of an RTP packet, or the `number` of actions. */
  seq: z.int().nonnegative(),
  /** RTP timestamp of the end of the last chunk heard: where a reply to an event without audio is placed. */
  at: z.int().nonnegative(),
  /** Packets and messages that the worker has published in the call's group. */
  out: z.int().nonnegative().optional(),
  format: z.enum(AUDIO_FORMAT_NAMES).optional(),
  /** The listen mode in which the call's plan has the worker hear. */
  listen: z.string().optional(),
  callConnectionId: z.string().optional(),
  /** The span of the call's stream, where traces are recorded. */
  trace: z.string().optional(),
  /** Where and with which token the worker acts on the call. */
  control: z.object({ url: z.string(), token: z.string(), peer: z.string() }).optional(),
  /** Requests about the call that the worker has made. */
  asked: z.int().nonnegative().optional(),
  /** The worker's own state, an object or an array. Defaults to `initialState`. */
  s: z.union([z.record(z.string(), z.unknown()), z.array(z.unknown())]).optional(),
});

export type LaneMemory = z.infer<typeof laneState>;

class LaneStateTooLargeError extends Error {
  override readonly name = 'LaneStateTooLargeError';
}

/** Reads the header; a missing, foreign or damaged one gives the state of a new lane. */
export function parseLaneMemory(header: string | undefined): LaneMemory {
  return decode(header) ?? { v: 1, turn: 0, seq: 0, at: 0 };
}

/** @throws LaneStateTooLargeError, or TypeError where the worker's state is no JSON (a cycle, a bigint). */
export function formatLaneMemory(state: LaneMemory): string {
  const text = Buffer.from(JSON.stringify(state)).toString('base64');
  if (text.length > MAX_STATE_CHARS) {
    throw new LaneStateTooLargeError(
      `the state of a worker may take ${MAX_STATE_CHARS} characters in base64, this one takes ${text.length}`,
    );
  }
  return text;
}

function decode(header: string | undefined): LaneMemory | undefined {
  if (header === undefined || header === '' || header.length > MAX_STATE_CHARS) return undefined;
  try {
    return laneState.safeParse(JSON.parse(Buffer.from(header, 'base64').toString())).data;
  } catch {
    return undefined;
  }
}
