import type { OwnCall } from '../../../shared/client/own-call.ts';

type Accepted = Awaited<ReturnType<OwnCall['transfer']>>;
type Prompt = Parameters<OwnCall['play']>[0];
type Invitation = Parameters<OwnCall['addParticipant']>[0];

/**
 * What a worker may do with its call. Everything is asked of the control app, with a token for this call alone, and resolves when it is accepted: what
 * comes of it, the call's timeline tells. All reject with CallsApiError, which names the problem (docs/errors.md), and with
 * CallControlMissingError where the call was answered by a control app that does not let its workers act.
 * People are named by telephone numbers in the form of E.164 or by raw ids.
 */
export interface CallActions {
  /** Ends the call for everybody; with `forEveryone: false` the others stay on it. */
  hangUp(options?: { readonly forEveryone?: boolean }): Promise<void>;
  /** Hands the caller, or the `transferee`, over to somebody else. */
  transfer(target: string, options?: { readonly transferee?: string }): Promise<Accepted>;
  /** Calls somebody and adds him to the call. */
  addParticipant(target: string, options?: Omit<Invitation, 'target'>): Promise<Accepted>;
  removeParticipant(participant: string): Promise<Accepted>;
  /** Presses keys (0-9, A-D, #, *) towards a participant; absent, the one that has called or was called. */
  sendDtmf(tones: string, participant?: string): Promise<Accepted>;
  /** Has Azure Communication Services play a file or speak a text; `play` is for samples of the worker's own. */
  prompt(source: Prompt['source'], options?: Omit<Prompt, 'source'>): Promise<Accepted>;
  cancelPrompt(): Promise<Accepted>;
  /** Every operation of the HTTP API on this call (docs/api.md). */
  readonly api: OwnCall;
}

/** @param peer whom the application speaks with; unknown until `call.started` has come */
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
        throw new RangeError('name the participant whose telephone hears the keys');
      return await api.sendDtmf({ tones, participant });
    },
    prompt: (source, options = {}) => api.play({ ...options, source }),
    cancelPrompt: () => api.cancelPlay(),
  };
}
