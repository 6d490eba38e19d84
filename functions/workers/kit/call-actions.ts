import { createHmac } from 'node:crypto';
import * as z from 'zod';
import { CallsApiError } from '../../../shared/client/calls-api-error.ts';
import type { OwnCall } from '../../../shared/client/own-call.ts';
import type { LaneEvent, WorkerAction } from '../../../shared/wire/lane/worker-messages.ts';

type Accepted = Awaited<ReturnType<OwnCall['transfer']>>;
type Prompt = Parameters<OwnCall['play']>[0];
type Invitation = Parameters<OwnCall['addParticipant']>[0];

export interface HangUpOptions {
  readonly forEveryone?: boolean;
}

/**
 * What a worker may do with its call. Each method asks the control app, with a token for this call alone, and resolves
 * once the request is accepted. The call's timeline tells the outcome. All reject with CallsApiError, which names the
 * problem (docs/errors.md): `forbidden` for a worker that only listens, `unauthorized` once it is off the call. They
 * reject with CallControlMissingError where the control app does not let workers act on the call. Telephone numbers are
 * in E.164 form; everyone else is named by a raw id.
 */
export interface CallActions {
  /**
   * Ends the call for everyone; with `forEveryone: false` the others stay on it. At once, or with `after: 'played'`
   * when the caller has heard everything that this worker has said by the end of the handler, its reply included. If
   * the caller interrupts that, or the handler throws, the call goes on. Rejects with RangeError for another `after`.
   */
  hangUp(options?: HangUpOptions & { readonly after?: 'played' }): Promise<void>;
  /** Transfers the caller, or the `transferee`, to `target`. */
  transfer(target: string, options?: { readonly transferee?: string }): Promise<Accepted>;
  /** Calls `target` and adds the answered party to the call. */
  addParticipant(target: string, options?: Omit<Invitation, 'target'>): Promise<Accepted>;
  removeParticipant(participant: string): Promise<Accepted>;
  /** Sends DTMF tones (0-9, A-D, #, *) to a participant. Defaults to the party that called or was called. */
  sendDtmf(tones: string, participant?: string): Promise<Accepted>;
  /** Lets Azure Communication Services play a file or speak a text; `play` is for the worker's own samples. */
  prompt(source: Prompt['source'], options?: Omit<Prompt, 'source'>): Promise<Accepted>;
  cancelPrompt(): Promise<Accepted>;
  /** Every operation of the HTTP API on this call (docs/api.md). */
  readonly api: OwnCall;
}

/**
 * @param peer the raw id of the other party; unknown until `call.started` has come
 * @param hangUpLater has the relay say when everything is played (`hangUpIfPlayed`)
 */
export function callActions(
  api: OwnCall,
  peer: string | undefined,
  hangUpLater: (options: HangUpOptions) => Promise<void>,
): CallActions {
  return {
    api,
    hangUp: async ({ after, ...options } = {}) => {
      if (after === undefined) await api.hangUp(options);
      else if (after === 'played') await hangUpLater(options);
      else throw new RangeError(`hangUp: after must be "played", not ${JSON.stringify(after)}`);
    },
    transfer: (target, options = {}) => api.transfer({ ...options, target }),
    addParticipant: (target, options = {}) => api.addParticipant({ ...options, target }),
    removeParticipant: (participant) => api.removeParticipant({ participant }),
    sendDtmf: async (tones, participant = peer) => {
      if (participant === undefined)
        throw new RangeError('name the participant to send the tones to: call.started has not come yet');
      return await api.sendDtmf({ tones, participant });
    },
    prompt: (source, options = {}) => api.play({ ...options, source }),
    cancelPrompt: () => api.cancelPlay(),
  };
}

const hangUpMark = z.object({
  do: z.literal('hangUp'),
  forEveryone: z.boolean().exactOptional(),
  proof: z.string(),
});

/** What puts a hang-up off. */
interface LaterHangUp {
  /** The turn of the worker. */
  readonly turn: number;
  /** The worker's token for the call, which nobody else has. */
  readonly token: string;
}

/**
 * The mark behind a goodbye. Everybody with the key of Web PubSub can publish marks in the group of a call, and could
 * end the call so. The proof holds for this worker, this call and this turn.
 */
export function markHangUp({ forEveryone }: HangUpOptions, later: LaterHangUp): WorkerAction {
  const options = forEveryone === undefined ? {} : { forEveryone };
  const data = { do: 'hangUp', ...options, proof: proofOf(options, later) };
  return { type: 'mark', turn: later.turn, data };
}

function proofOf({ forEveryone = true }: HangUpOptions, { turn, token }: LaterHangUp): string {
  return createHmac('sha256', token).update(`hang up ${turn} ${forEveryone}`).digest('base64url');
}

/** When the relay has sent the last sample, ACS and the telephone network still hold about so much. */
const ON_ITS_WAY_MS = 300;

/**
 * Does what `hangUp({ after: 'played' })` put off. After an interruption the call goes on. A mark without a proof does
 * nothing. `later`: undefined where the worker cannot act on the call.
 */
export async function hangUpIfPlayed(
  { outcome, data }: Extract<LaneEvent, { type: 'marked' }>,
  later: LaterHangUp | undefined,
  call: CallActions,
): Promise<void> {
  const mark = hangUpMark.safeParse(data).data;
  if (mark === undefined || later === undefined || outcome === 'interrupted') return;
  const { do: _, proof, ...options } = mark;
  if (proof !== proofOf(options, later)) return;
  await new Promise((resolve) => setTimeout(resolve, ON_ITS_WAY_MS));
  try {
    await call.hangUp(options);
  } catch (error) {
    // The caller was faster.
    if (!(error instanceof CallsApiError) || error.problemName !== 'call-ended') throw error;
  }
}
