import { type ResultInformation, resultOf } from '../events/callback-event.ts';

/**
 * How media operations end. Codes, subcodes and wording: the event code tables of Microsoft Learn, "Customize voice
 * prompts to users with Play action" and "Gather user input with Recognize action"; for DTMF and transcription the
 * payloads of the SDKs' own parser tests. `cancelled`, `holdAudioEnded`, `continuousStopped` and
 * `transcriptionStarted` are as recorded.
 */
export const mediaResults = {
  completed: resultOf(200, 0, 'Action completed successfully.'),
  cancelled: resultOf(400, 8508, 'Action failed, the operation was cancelled.'),
  /** In the spelling of the service. */
  holdAudioEnded: resultOf(400, 8508, 'Action falied, the operation was cancelled.'),
  fileFormatInvalid: resultOf(400, 8535, 'Action failed, file format is invalid.'),
  fileNotDownloaded: resultOf(400, 8536, 'Action failed, file could not be downloaded.'),
  textEmpty: resultOf(400, 8582, 'Action failed, play source text or ssml is empty.'),
  textInvalid: resultOf(
    400,
    8565,
    'Action failed, bad request to Azure AI services. Check input parameters.',
  ),
  speechServiceFailed: resultOf(500, 8565, 'Action failed, speech could not be synthesized.'),
  promptFailed: resultOf(500, 8511, 'Action failed, encountered failure while trying to play the prompt.'),
  initialSilence: resultOf(400, 8510, 'Action failed, initial silence timeout reached.'),
  interToneSilence: resultOf(400, 8532, 'Action failed, inter-digit silence timeout reached.'),
  maxTones: resultOf(200, 8531, 'Action completed, max digits received.'),
  stopTone: resultOf(200, 8514, 'Action completed as stop tone was detected.'),
  toneChoice: resultOf(200, 8533, 'Action completed, DTMF option matched.'),
  wrongTone: resultOf(500, 8534, 'Action failed, incorrect tone entered.'),
  speechChoice: resultOf(200, 8545, 'Action completed, speech option matched.'),
  wrongSpeech: resultOf(400, 8547, 'Action failed, recognized phrase does not match a valid option.'),
  speechRecognized: resultOf(200, 8569, 'Action completed, speech was recognized.'),
  dtmfSent: resultOf(200, 0, 'Send DTMF completed successfully.'),
  toneReceived: resultOf(200, 0, 'DTMF tone received successfully.'),
  continuousStopped: resultOf(200, 7000, 'The conversation has ended. DiagCode: 0#7000.@'),
  participantGone: resultOf(404, 8522, 'Action failed, the participant is not on the call.'),
  transcriptionStarted: resultOf(200, 0, 'Action completed successfully.'),
  transcriptionUpdated: resultOf(200, 0, 'Transcription updated.'),
  transcriptionStopped: resultOf(200, 0, 'Transcription stopped.'),
  transcriptionUrlInvalid: resultOf(
    400,
    8581,
    'Action failed, Transport url is not valid or web socket server is not operational.',
  ),
  transcriptionFailed: resultOf(500, 8578, 'Action failed, not able to establish websocket connection.'),
} as const satisfies Record<string, ResultInformation>;
