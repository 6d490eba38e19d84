/** Every operation of the HTTP API. Functions, the OpenAPI document and the client use the same names. */

import * as z from 'zod';
import { callEndpoints } from './call-endpoints.ts';
import type { EndpointTable } from './endpoint.ts';
import { healthEndpoints } from './health-endpoints.ts';
import { mediaEndpoints } from './media-endpoints.ts';
import { participantEndpoints } from './participant-endpoints.ts';
import { recordingEndpoints } from './recording-endpoints.ts';
import { streamingEndpoints } from './streaming-endpoints.ts';
import { timelineEndpoints } from './timeline-endpoints.ts';
import { workerEndpoints } from './worker-endpoints.ts';

/** The description of the API itself. */
const descriptionEndpoints = {
  getOpenApi: {
    method: 'GET',
    path: 'openapi.json',
    tag: 'description',
    summary: 'Returns this document',
    answer: {
      status: 200,
      description: 'The OpenAPI 3.1 document of this API.',
      schema: z.looseObject({ openapi: z.string() }),
    },
    problems: [],
  },
} as const satisfies EndpointTable;

export const ENDPOINTS = {
  ...callEndpoints,
  ...participantEndpoints,
  ...mediaEndpoints,
  ...streamingEndpoints,
  ...recordingEndpoints,
  ...workerEndpoints,
  ...timelineEndpoints,
  ...healthEndpoints,
  ...descriptionEndpoints,
} as const;

export type OperationId = keyof typeof ENDPOINTS;
