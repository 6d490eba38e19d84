import { CALL, type Operation, once, plain } from '../rest/operation.ts';

const RECORDINGS = '/calling/recordings';
const RECORDING = `${RECORDINGS}/{recordingId}`;

/** Prompts, recognition, keys, hold, transcription and recording. */
export const mediaOperations: readonly Operation[] = [
  plain('POST', 'play', `${CALL}:play`, 202),
  plain('POST', 'recognize', `${CALL}:recognize`, 202),
  plain('POST', 'cancelAllMediaOperations', `${CALL}:cancelAllMediaOperations`, 202),
  plain('POST', 'startContinuousDtmfRecognition', `${CALL}:startContinuousDtmfRecognition`, 200),
  plain('POST', 'stopContinuousDtmfRecognition', `${CALL}:stopContinuousDtmfRecognition`, 200),
  once('sendDtmfTones', `${CALL}:sendDtmfTones`, 202),
  plain('POST', 'hold', `${CALL}:hold`, 200),
  plain('POST', 'unhold', `${CALL}:unhold`, 200),
  plain('POST', 'startTranscription', `${CALL}:startTranscription`, 202),
  plain('POST', 'stopTranscription', `${CALL}:stopTranscription`, 202),
  plain('POST', 'updateTranscription', `${CALL}:updateTranscription`, 202),
  once('startRecording', RECORDINGS, 200),
  plain('GET', 'getRecordingProperties', RECORDING, 200),
  plain('DELETE', 'stopRecording', RECORDING, 204),
  plain('POST', 'pauseRecording', `${RECORDING}:pause`, 202),
  plain('POST', 'resumeRecording', `${RECORDING}:resume`, 202),
];
