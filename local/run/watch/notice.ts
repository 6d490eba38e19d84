/** What a process that runs workers tells its parent of them: a JSON line each, on a file descriptor of its own. */

/** Where the lines go: the descriptor after those of fork (stdin, stdout, stderr, IPC). */
export const NOTICE_FD = 4;

export type NoticeKind =
  /** What the worker writes with `console`. */
  | 'log'
  /** A text that it publishes. */
  | 'text'
  /** A handler threw or rejected, or what it returned cannot be used. */
  | 'failed'
  /** A handler has not returned for a while, and waits. */
  | 'waiting'
  /** The event loop has stood still for a while, and with it every worker of the process. */
  | 'blocked'
  /** It goes on. */
  | 'unblocked'
  /** It has stood still for so long that the process is ended. */
  | 'hung'
  /** An error that nobody caught: the process ends. */
  | 'uncaught'
  /** The process ends since something called `process.exit`. */
  | 'exit'
  /** The parent has started the process again. */
  | 'restarted';

export interface Notice {
  readonly kind: NoticeKind;
  readonly text: string;
  readonly worker?: string | undefined;
  readonly handler?: string | undefined;
  readonly callId?: string | undefined;
  readonly callConnectionId?: string | undefined;
  /** `file:line:column` in the author's own source. */
  readonly place?: string | undefined;
}

const FAILURES: ReadonlySet<NoticeKind> = new Set(['failed', 'blocked', 'hung', 'uncaught', 'exit']);

/** Whether a worker did something that loses events. */
export function isFailure({ kind }: Notice): boolean {
  return FAILURES.has(kind);
}

/** What befalls every worker of the process, whichever of them is at fault, and so every call. */
const OF_PROCESS: ReadonlySet<NoticeKind> = new Set([
  'blocked',
  'unblocked',
  'hung',
  'uncaught',
  'exit',
  'restarted',
]);

export function isOfProcess({ kind }: Notice): boolean {
  return OF_PROCESS.has(kind);
}

/** Undefined for a line that is none. */
export function parseNotice(line: string): Notice | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && 'kind' in value ? (value as Notice) : undefined;
  } catch {
    return undefined;
  }
}
