/** The description of the API itself. */
import * as z from 'zod';
import type { EndpointTable } from './endpoint.ts';

export const descriptionEndpoints = {
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
