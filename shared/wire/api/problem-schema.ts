import * as z from 'zod';

/** A problem document; further members depend on its type. */
export const problemSchema = z
  .looseObject({
    type: z.string().describe('urn:trunkline:problem: and the name of the problem, which is stable.'),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    errors: z
      .array(
        z.union([
          z.object({ pointer: z.string(), detail: z.string() }),
          z.object({ parameter: z.string(), in: z.enum(['path', 'query', 'header']), detail: z.string() }),
        ]),
      )
      .optional()
      .describe('Everything that is wrong with the request.'),
  })
  .meta({ id: 'Problem' });
