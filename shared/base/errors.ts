/** What is logged of errors. */

/** Frames of a stack that say where an error comes from. */
const FRAMES = 3;

/** An error without what was thrown with it: its properties and causes may hold requests, bodies and tokens. */
export function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? `${error.name}: ${error.message}`) : notAnError(error);
}

/** The name of an error and where it comes from. Its message may quote a request or a row, so it is left out. */
export function originOf(error: unknown): string {
  if (!(error instanceof Error)) return notAnError(error);
  const { name, message, stack = '' } = error;
  // The message may have lines that look like frames.
  const frames = stack.slice(stack.indexOf(message) + message.length).split('\n');
  const where = frames.filter((frame) => /^\s+at /.test(frame)).slice(0, FRAMES);
  return [`${name}:`, ...where.map((frame) => frame.trim())].join(' ');
}

function notAnError(value: unknown): string {
  return `a value of the type ${typeof value} was thrown`;
}

/** What kind of thing was thrown: the name of an error. */
export function kindOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
