import * as z from 'zod';
import type { UpQueueCounts } from '../../../phone/up-queue.ts';

/** Longest text message. */
const MAX_TEXT_BYTES = 4_096;
const FRAMES_A_SECOND = 50;
const MIN_RATE_HZ = 8_000;
const MAX_RATE_HZ = 192_000;
/** Longest message: a frame of 20 ms at the highest rate. */
export const MAX_MESSAGE_BYTES = (MAX_RATE_HZ / FRAMES_A_SECOND) * Int16Array.BYTES_PER_ELEMENT;

const id = z.string().min(1).max(100);
const address = z.string().min(1).max(200);
const figure = z.number().min(0).max(1e9).optional();

/** What a page measures of itself. */
const pageStats = {
  /** What waits to be played. */
  playbackMs: figure,
  /** Times that nothing was there to be played. */
  underruns: figure,
  /** Frames of the microphone that the page has thrown away. */
  dropped: figure,
  baseLatencyMs: figure,
  outputLatencyMs: figure,
};

const message = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('hello'),
    v: z.literal(1),
    /** 20 ms are a whole number of samples. */
    rateHz: z.int().min(MIN_RATE_HZ).max(MAX_RATE_HZ).multipleOf(FRAMES_A_SECOND),
    /** A number or raw id that rings this page. */
    number: address.optional(),
    /** The token of a call whose page, or whose socket, was lost. */
    resume: id.optional(),
  }),
  z.strictObject({ type: z.literal('call'), to: address, from: address }),
  z.strictObject({ type: z.literal('answer'), id }),
  z.strictObject({ type: z.literal('decline'), id }),
  z.strictObject({ type: z.literal('key'), key: z.string().regex(/^[0-9A-D*#]$/) }),
  z.strictObject({ type: z.literal('hangUp') }),
  z.strictObject({ type: z.literal('stats'), ...pageStats }),
]);

export type PageMessage = z.output<typeof message>;
export type Hello = Extract<PageMessage, { readonly type: 'hello' }>;
export type PageStats = Omit<Extract<PageMessage, { readonly type: 'stats' }>, 'type'>;

/** Who has ended a call. */
type Ender = 'you' | 'application' | 'others' | 'service';

/** Which call a page is on. `token` gives it to another socket. */
export interface CallNames {
  readonly callId: string;
  readonly callConnectionId: string;
  readonly token: string;
}

/** What the emulator tells a page. */
export type PhoneMessage =
  | { readonly type: 'hello'; readonly v: 1 }
  | ({ readonly type: 'ringing' | 'answered' } & CallNames)
  | {
      readonly type: 'incoming';
      readonly id: string;
      readonly from: string | undefined;
      readonly displayName: string | undefined;
    }
  | { readonly type: 'media'; readonly rateHz: number }
  | { readonly type: 'mediaStopped' }
  | { readonly type: 'key'; readonly key: string }
  | { readonly type: 'refused'; readonly reason: string; readonly detail?: string }
  | { readonly type: 'ended'; readonly id?: string; readonly by: Ender; readonly outcome: string }
  | ({ readonly type: 'stats' } & PhoneStats);

/** What the emulator measures of a page. */
export interface PhoneStats extends Partial<UpQueueCounts> {
  /** Messages that were not understood, and frames of another length than 20 ms. */
  readonly ignored: number;
  /** Frames that were not sent because the page had not read those before. */
  readonly unread: number;
}

/** Undefined for anything that is no message of a page. */
export function readPageMessage(text: Buffer): PageMessage | undefined {
  if (text.byteLength > MAX_TEXT_BYTES) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(text.toString());
  } catch {
    return undefined;
  }
  return message.safeParse(json).data;
}

/** @param asked whether this page has hung up */
export function enderOf(outcome: string, asked: boolean): Ender {
  if (asked) return 'you';
  switch (outcome) {
    case 'notAnswered':
    case 'noAnswer':
    case 'unavailable':
    case 'cancelled':
      return 'service';
    case 'hungUp':
    case 'left':
    case 'hungUpByCaller':
    case 'hungUpByCallee':
    case 'abandonedByCaller':
      return 'others';
    default:
      return 'application';
  }
}
