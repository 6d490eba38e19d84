import type { EventLogEntry } from './event-log.ts';

const NO_ANSWER: Readonly<Record<string, string>> = {
  timeout: 'no answer in time',
  unreachable: 'not reached',
};

/** A line for people about what was sent and what went wrong on purpose; undefined for what other lines tell. */
export function entryInWords(entry: EventLogEntry): string | undefined {
  const { kind, type, attempts, result, subscription, callConnectionId, on, fault } = entry;
  const answer = NO_ANSWER[String(result)] ?? result;
  switch (kind) {
    case 'callback':
      return `callback ${type} of ${callConnectionId}: ${answer}${attempts === 1 ? '' : `, attempt ${attempts}`}`;
    case 'eventGrid':
      return `Event Grid ${type} to ${subscription}: ${answer}`;
    case 'fault':
      return `injected ${on}.${fault}`;
    case 'call':
    case 'rest':
      return undefined;
  }
}
