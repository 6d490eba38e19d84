/**
 * The relay's log: JSON lines with the ids of calls and nothing else of them. Whoever logs gives ids and fixed texts;
 * what must never be written is taken out here all the same.
 */
import { type DestinationStream, type Logger, pino } from 'pino';
import type { RelayConfig } from '../settings/relay-config.ts';

const SECRETS = ['authorization', 'ticket', 'token', 'connectionString', 'from', 'to', 'data', 'audio'];

export function createLog(level: RelayConfig['logLevel'], destination?: DestinationStream): Logger {
  const options = {
    level,
    base: { process: 'relay' },
    redact: {
      paths: SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
      censor: '[removed]',
    },
    serializers: { url: pathOf, err: problemOf },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/** A URL without its query, which holds the ticket. */
export function pathOf(url: unknown): string {
  return String(url).split(/[?#]/, 1)[0] ?? '';
}

/** An error without what it carries: causes and properties may hold tokens. */
function problemOf(error: unknown): { name: string; message: string } {
  return error instanceof Error
    ? { name: error.name, message: withoutQueries(error.message) }
    : { name: 'unknown', message: 'not an Error' };
}

function withoutQueries(text: string): string {
  return text.replace(/\?\S*/g, '?[removed]');
}
