/** One thing worth telling a person. Never holds a payload, a token or a key. */
export interface LogEntry {
  readonly level: 'info' | 'warn';
  readonly message: string;
  readonly hub?: string;
  readonly connectionId?: string;
  readonly event?: string;
  readonly eventId?: number;
}

export type LogSink = (entry: LogEntry) => void;
