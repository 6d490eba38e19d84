import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Clock } from './clock.ts';

export type PrintLine = (line: string) => void;

/** A telephone number in a path or a sentence, with its `+` as it is or percent-encoded, or without one. */
const NUMBER = /((?:\+|%2B)\d{2})\d{3,}|(?<![\w-])\d{7,15}(?![\w-])/gi;

/** Why responses refuse their requests, until these are logged. */
const refusals = new WeakMap<ServerResponse, string>();

/** Has the log say why this response is a refusal. */
export function noteRefusal(response: ServerResponse, code: string, message: string): void {
  refusals.set(response, `${code}: ${message}`);
}

/**
 * Prints a line for each request: method, path, status, milliseconds, and why it was refused. The query is left out,
 * since it may hold a key, and so are telephone numbers, bodies and headers. What only looks at the control surface is
 * not printed: consoles ask several times a second.
 */
export function logRequests(server: Server, clock: Clock, print: PrintLine): void {
  server.on('request', (request, response) => {
    const startedMs = clock.now();
    response.once('close', () => {
      const isAnswered = response.writableFinished;
      const looks = pathOf(request).startsWith('/control/') && request.method === 'GET';
      if (looks && response.statusCode < 400) return;
      const result = isAnswered ? response.statusCode : 'went away before the answer';
      print(requestLine(request, result, clock.now() - startedMs, refusals.get(response)));
    });
  });
}

/** One line for a request, as the log has it. */
export function requestLine(
  request: IncomingMessage,
  result: number | string,
  ms: number,
  reason?: string,
): string {
  const line = `${request.method} ${pathOf(request)} ${result}, ${Math.round(ms)} ms`;
  return withoutNumbers(reason === undefined ? line : `${line}, ${reason}`);
}

function pathOf({ url = '/' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? '/';
}

/** The text with the end of every telephone number left out. */
export function withoutNumbers(text: string): string {
  return text.replaceAll(NUMBER, '$1…');
}
