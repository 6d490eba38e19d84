/** Shows how the parts of the system are. */
import type { Handlers } from './handler.ts';

export const healthHandlers = {
  getHealth: async ({ app }) => ({ content: await app.health.health() }),
} satisfies Partial<Handlers>;
