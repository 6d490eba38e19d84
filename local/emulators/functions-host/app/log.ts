import type { LogRecord } from './core-app.ts';
import type { LogLevel } from './core-types.ts';

const RANK: Record<LogLevel, number> = {
  trace: 0,
  debug: 1,
  information: 2,
  warning: 3,
  error: 4,
  critical: 5,
  none: 6,
};

const LABEL: Record<LogLevel, string> = {
  trace: 'trace',
  debug: 'debug',
  information: 'info ',
  warning: 'warn ',
  error: 'error',
  critical: 'crit ',
  none: 'none ',
};

/** True when a record is at or above the level from which on messages are shown. */
export function isShown(level: LogLevel, from: LogLevel): boolean {
  return level !== 'none' && RANK[level] >= RANK[from];
}

/**
 * One line (or, for a message of several lines, an indented block):
 * `2026-01-02T03:04:05.678Z info  incomingCall[invocation id] message`.
 */
export function formatRecord(record: LogRecord, nowMs: number): string {
  const origin =
    record.functionName === undefined ? 'host' : `${record.functionName}[${record.invocationId ?? '-'}]`;
  const message = record.message.replaceAll(/\r?\n/g, '\n    ');
  return `${new Date(nowMs).toISOString()} ${LABEL[record.level]} ${origin} ${message}`;
}
