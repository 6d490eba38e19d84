/**
 * The relay's log: JSON lines with the ids of calls and nothing else about them. Callers log ids and fixed texts. As a
 * second line of defence, the log itself removes what nobody may read.
 */
import { type DestinationStream, type Logger, pino } from 'pino';
import type { RelayConfig } from '../settings/relay-config.ts';

const SECRETS = [
  'authorization',
  'ticket',
  'ticketKey',
  'ticketKeys',
  'token',
  'connectionString',
  'from',
  'to',
  'data',
  'audio',
];

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

/** A URL without its query, because the query holds the ticket. */
function pathOf(url: unknown): string {
  return String(url).split(/[?#]/, 1)[0] ?? '';
}

/** An error without its causes and properties, because these may hold tokens. */
function problemOf(error: unknown): { name: string; message: string } {
  return error instanceof Error
    ? { name: error.name, message: withoutQueries(error.message) }
    : { name: 'unknown', message: 'not an Error' };
}

function withoutQueries(text: string): string {
  return text.replace(/\?\S*/g, '?[removed]');
}
