import { callOperations } from './call-operations.ts';
import type { Operation } from './operation.ts';
import { participantOperations } from './participant-operations.ts';
import { promptOperations } from './prompt-operations.ts';
import { recordingOperations } from './recording-operations.ts';
import { streamingOperations } from './streaming-operations.ts';

/** Every operation of Call Automation, API version 2026-03-12, group by group. */
export const OPERATIONS: readonly Operation[] = [
  ...callOperations,
  ...participantOperations,
  ...streamingOperations,
  ...promptOperations,
  ...recordingOperations,
];
