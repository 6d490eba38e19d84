import { type Operation, once, plain } from '../rest/operation.ts';

const RECORDINGS = '/calling/recordings';
const RECORDING = `${RECORDINGS}/{recordingId}`;

export const recordingOperations: readonly Operation[] = [
  once('startRecording', RECORDINGS, 200),
  plain('GET', 'getRecordingProperties', RECORDING, 200),
  plain('DELETE', 'stopRecording', RECORDING, 204),
  plain('POST', 'pauseRecording', `${RECORDING}:pause`, 202),
  plain('POST', 'resumeRecording', `${RECORDING}:resume`, 202),
];
