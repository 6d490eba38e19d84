import type { OwnCall } from '../../../shared/client/own-call.ts';

type Accepted = Awaited<ReturnType<OwnCall['transfer']>>;
type Prompt = Parameters<OwnCall['play']>[0];
type Invitation = Parameters<OwnCall['addParticipant']>[0];

/**
 * What a worker may do with its call. Each method asks the control app, with a token for this call alone, and resolves
 * once the request is accepted. The call's timeline tells the outcome. All reject with CallsApiError, which names the
 * problem (docs/errors.md): `forbidden` for a worker that only listens, `unauthorized` once it is off the call. They
 * reject with CallControlMissingError where the control app does not let workers act on the call. Telephone numbers are
 * in E.164 form; everyone else is named by a raw id.
 */
export interface CallActions {
  /** Ends the call for everyone; with `forEveryone: false` the others stay on it. */
  hangUp(options?: { readonly forEveryone?: boolean }): Promise<void>;
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

/** @param peer the raw id of the other party; unknown until `call.started` has come */
export function callActions(api: OwnCall, peer: string | undefined): CallActions {
  return {
    api,
    hangUp: async (options = {}) => {
      await api.hangUp(options);
    },
    transfer: (target, options = {}) => api.transfer({ ...options, target }),
    addParticipant: (target, options = {}) => api.addParticipant({ ...options, target }),
    removeParticipant: (participant) => api.removeParticipant(participant),
    sendDtmf: async (tones, participant = peer) => {
      if (participant === undefined)
        throw new RangeError('name the participant to send the tones to: call.started has not come yet');
      return await api.sendDtmf({ tones, participant });
    },
    prompt: (source, options = {}) => api.play({ ...options, source }),
    cancelPrompt: () => api.cancelPlay(),
  };
}
