/** Every operation of the HTTP API. Functions, the OpenAPI document and the client use the same names. */
import { callEndpoints } from './call-endpoints.ts';
import { descriptionEndpoints } from './description-endpoints.ts';
import { mediaEndpoints } from './media-endpoints.ts';
import { participantEndpoints } from './participant-endpoints.ts';
import { recordingEndpoints } from './recording-endpoints.ts';
import { streamingEndpoints } from './streaming-endpoints.ts';
import { timelineEndpoints } from './timeline-endpoints.ts';
import { workerEndpoints } from './worker-endpoints.ts';

export const ENDPOINTS = {
  ...callEndpoints,
  ...participantEndpoints,
  ...mediaEndpoints,
  ...streamingEndpoints,
  ...recordingEndpoints,
  ...workerEndpoints,
  ...timelineEndpoints,
  ...descriptionEndpoints,
} as const;

export type OperationId = keyof typeof ENDPOINTS;
