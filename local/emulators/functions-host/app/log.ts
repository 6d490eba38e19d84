import type { LogRecord } from './core-app.ts';
import type { LogLevel } from './core-types.ts';

/** From the least to the most severe. */
export const LOG_LEVELS: readonly LogLevel[] = [
  'trace',
  'debug',
  'information',
  'warning',
  'error',
  'critical',
  'none',
];

const LABELS: Partial<Record<LogLevel, string>> = { information: 'info', warning: 'warn', critical: 'crit' };
const LABEL_LENGTH = 5;

/** True when a record is at or above the level from which on messages are shown. */
export function isShown(level: LogLevel, from: LogLevel): boolean {
  return level !== 'none' && LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(from);
}

/**
 * One line (or, for a message of several lines, an indented block):
 * `2026-01-02T03:04:05.678Z info  incomingCall[invocation id] message`.
 */
export function formatRecord(record: LogRecord, nowMs: number): string {
  const origin =
    record.functionName === undefined ? 'host' : `${record.functionName}[${record.invocationId ?? '-'}]`;
  const message = record.message.replaceAll(/\r?\n/g, '\n    ');
  const label = (LABELS[record.level] ?? record.level).padEnd(LABEL_LENGTH);
  return `${new Date(nowMs).toISOString()} ${label} ${origin} ${message}`;
}
