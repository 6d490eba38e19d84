import type { ResultInformation } from '../events/callback-event.ts';

/**
 * How media operations end. Codes, subcodes and wording: the event code tables of Microsoft Learn, "Customize voice
 * prompts to users with Play action" and "Gather user input with Recognize action"; for DTMF and transcription the
 * payloads of the SDKs' own parser tests.
 */
export const mediaResults = {
  completed: result(200, 0, 'Action completed successfully.'),
  cancelled: result(400, 8508, 'Action failed, the operation was canceled.'),
  fileFormatInvalid: result(400, 8535, 'Action failed, file format is invalid.'),
  fileNotDownloaded: result(400, 8536, 'Action failed, file could not be downloaded.'),
  textEmpty: result(400, 8582, 'Action failed, play source text or ssml is empty.'),
  textInvalid: result(400, 8565, 'Action failed, bad request to Azure AI services. Check input parameters.'),
  speechServiceFailed: result(500, 8565, 'Action failed, speech could not be synthesized.'),
  promptFailed: result(500, 8511, 'Action failed, encountered failure while trying to play the prompt.'),
  initialSilence: result(400, 8510, 'Action failed, initial silence timeout reached.'),
  interToneSilence: result(400, 8532, 'Action failed, inter-digit silence timeout reached.'),
  maxTones: result(200, 8531, 'Action completed, max digits received.'),
  stopTone: result(200, 8514, 'Action completed as stop tone was detected.'),
  toneChoice: result(200, 8533, 'Action completed, DTMF option matched.'),
  wrongTone: result(500, 8534, 'Action failed, incorrect tone entered.'),
  speechChoice: result(200, 8545, 'Action completed, speech option matched.'),
  wrongSpeech: result(400, 8547, 'Action failed, recognized phrase does not match a valid option.'),
  speechRecognized: result(200, 8569, 'Action completed, speech was recognized.'),
  dtmfSent: result(200, 0, 'Send DTMF completed successfully.'),
  toneReceived: result(200, 0, 'DTMF tone received successfully.'),
  continuousStopped: result(200, 0, 'Continuous DTMF Recognition stopped successfully.'),
  participantGone: result(404, 8522, 'Action failed, the participant is not on the call.'),
  transcriptionStarted: result(200, 0, 'Transcription started.'),
  transcriptionUpdated: result(200, 0, 'Transcription updated.'),
  transcriptionStopped: result(200, 0, 'Transcription stopped.'),
  transcriptionUrlInvalid: result(
    400,
    8581,
    'Action failed, Transport url is not valid or web socket server is not operational.',
  ),
  transcriptionFailed: result(500, 8578, 'Action failed, not able to establish websocket connection.'),
} as const satisfies Record<string, ResultInformation>;

function result(code: number, subCode: number, message: string): ResultInformation {
  return { code, subCode, message };
}
