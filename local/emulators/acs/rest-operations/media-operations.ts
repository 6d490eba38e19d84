import type { Operation } from './operation.ts';
import { promptOperations } from './prompt-operations.ts';
import { recordingOperations } from './recording-operations.ts';
import { transcriptionOperations } from './transcription-operations.ts';

/** Prompts, recognition, keys, hold, transcription and recording. */
export const mediaOperations: readonly Operation[] = [
  ...promptOperations,
  ...transcriptionOperations,
  ...recordingOperations,
];
