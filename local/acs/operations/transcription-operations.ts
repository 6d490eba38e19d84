import { CALL, type Operation, plain } from '../rest/operation.ts';

export const transcriptionOperations: readonly Operation[] = [
  plain('POST', 'startTranscription', `${CALL}:startTranscription`, 202),
  plain('POST', 'stopTranscription', `${CALL}:stopTranscription`, 202),
  plain('POST', 'updateTranscription', `${CALL}:updateTranscription`, 202),
];
