import type { InvocationContext } from '@azure/functions';
import type { Log, LogFields } from '../use-cases/deps.ts';

/** Messages as one line each, tied to the invocation by the Functions host. */
export function invocationLog(context: Pick<InvocationContext, 'info' | 'warn' | 'error'>): Log {
  return {
    info: (message, fields) => context.info(line(message, fields)),
    warn: (message, fields) => context.warn(line(message, fields)),
    error: (message, fields) => context.error(line(message, fields)),
  };
}

function line(message: string, fields: LogFields = {}): string {
  const pairs = Object.entries(fields).filter(([, value]) => value !== undefined);
  return [message, ...pairs.map(([name, value]) => `${name}=${JSON.stringify(value)}`)].join(' ');
}
