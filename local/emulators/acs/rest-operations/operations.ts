import { callOperations } from './call-operations.ts';
import { mediaOperations } from './media-operations.ts';
import type { Operation } from './operation.ts';
import { participantOperations } from './participant-operations.ts';
import { streamingOperations } from './streaming-operations.ts';

/** Every operation of Call Automation, API version 2026-03-12, group by group. */
export const OPERATIONS: readonly Operation[] = [
  ...callOperations,
  ...participantOperations,
  ...streamingOperations,
  ...mediaOperations,
];
