/** Why an operation was not done: an HTTP status and the code and message of a `CommunicationError`. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

/**
 * The subcodes that Call Automation answers with (Microsoft Learn, "Troubleshooting call end response codes for Call
 * Automation").
 */
export const refusals = {
  unauthorized: (message: string): Refusal => ({ status: 401, code: '7509', message }),
  callNotFound: (): Refusal => ({
    status: 404,
    code: '8522',
    message: 'Call not found: there is no such call, or it has already ended.',
  }),
  invalidArgument: (message: string): Refusal => ({ status: 400, code: '8523', message }),
  notEstablished: (): Refusal => ({
    status: 400,
    code: '8501',
    message: 'Action is not supported: the call is not established yet.',
  }),
  mediaAlreadyActive: (): Refusal => ({
    status: 400,
    code: '8500',
    message: 'Invalid media mode: media streaming is already active on this call.',
  }),
  mediaNotActive: (): Refusal => ({
    status: 400,
    code: '8500',
    message: 'Invalid media mode: media streaming is not active on this call.',
  }),
  mediaNotConfigured: (): Refusal => ({
    status: 405,
    code: '8522',
    message:
      'Missing configuration: media streaming options were not given; this needs to happen when invoking AnswerCall.',
  }),
  participantNotFound: (): Refusal => ({
    status: 404,
    code: '8522',
    message: 'Participant not found: the target participant is not on this call.',
  }),
  incompatibleMediaAction: (added: string, existing: string): Refusal => ({
    status: 412,
    code: '8583',
    message: `Precondition failed: ${added} cannot run or be queued beside ${existing}.`,
  }),
  tooManyMediaOperations: (most: number): Refusal => ({
    status: 429,
    code: '8516',
    message: `Throttled: ${most} media operations of this call are waiting already.`,
  }),
  continuousDtmfNotActive: (): Refusal => ({
    status: 400,
    code: '8501',
    message: 'Action is not supported: continuous DTMF recognition is not active for this participant.',
  }),
  transcriptionNotConfigured: (): Refusal => ({
    status: 405,
    code: '8522',
    message:
      'Missing configuration: transcription options were not given; this needs to happen when invoking AnswerCall.',
  }),
  transcriptionAlreadyActive: (): Refusal => ({
    status: 400,
    code: '8500',
    message: 'Invalid media mode: transcription is already active on this call.',
  }),
  transcriptionNotActive: (): Refusal => ({
    status: 400,
    code: '8500',
    message: 'Invalid media mode: transcription is not active on this call.',
  }),
  recordingNotFound: (): Refusal => ({
    status: 404,
    code: '8522',
    message: 'Recording not found: there is no such recording, or it has been stopped.',
  }),
  duplicateRecording: (): Refusal => ({
    status: 400,
    code: '8553',
    message: 'Duplicate recording: this call is being recorded already.',
  }),
  notInThisState: (what: string): Refusal => ({
    status: 400,
    code: '8585',
    message: `Action is not valid in the current call state: ${what}.`,
  }),
  conflict: (what: string): Refusal => ({ status: 409, code: '8519', message: `Conflict: ${what}.` }),
  bodyTooLong: (limit: number): Refusal => ({
    status: 413,
    code: 'RequestEntityTooLarge',
    message: `The body is over ${limit} bytes.`,
  }),
  tooManyCalls: (): Refusal => ({ status: 429, code: '8516', message: 'Too many calls are going on.' }),
  notSupported: (what: string): Refusal => ({
    status: 501,
    code: 'NotImplemented',
    message: `${what} is not supported by this local emulator of Azure Communication Services.`,
  }),
} as const;

/** Thrown by the parts that read requests; answered as it is. */
export class RefusedError extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.message);
    this.name = 'RefusedError';
    this.refusal = refusal;
  }
}
