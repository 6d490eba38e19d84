/** What workers log and do wrong, on the terminal, each thing once. */
import { isFailure, type Notice } from '../watch/notice.ts';

/** Different sentences that are remembered, so that a worker that fails ten times a second says so once. */
const MAX_REMEMBERED = 1_000;

export class WorkerNotices {
  readonly #print: (text: string) => void;
  /** What was told, by all of it but its numbers, and how often it happened. */
  readonly #told = new Map<string, { readonly text: string; times: number }>();
  #failures = 0;

  constructor(print: (text: string) => void) {
    this.#print = print;
  }

  /** How often a worker did something that loses events. */
  get failures(): number {
    return this.#failures;
  }

  readonly take = (notice: Notice): void => {
    if (isFailure(notice)) this.#failures += 1;
    const text = noticeInWords(notice);
    if (notice.kind === 'log' || notice.kind === 'text') {
      this.#print(text);
      return;
    }
    const key = text.replaceAll(/\d+/g, '#') + notice.place;
    const told = this.#told.get(key);
    if (told !== undefined) {
      told.times += 1;
      return;
    }
    if (this.#told.size < MAX_REMEMBERED) this.#told.set(key, { text, times: 1 });
    this.#print(text);
  };

  /** At the end of a call: what happened more often than it was told. */
  repeated(): string | undefined {
    const lines = [...this.#told.values()].flatMap(({ text, times }) =>
      times > 1 ? [`${times} times: ${text}`] : [],
    );
    this.#told.clear();
    return lines.length === 0 ? undefined : lines.join('\n');
  }
}

function noticeInWords({ kind, text, worker, handler, callId, place }: Notice): string {
  if (kind === 'restarted') return text;
  const call = callId === undefined ? [] : [`call ${callId.slice(0, 8)}`];
  const who = [...call, worker ?? 'workers'].join('  ');
  if (kind === 'log') return `${who}  ${text.replaceAll('\n', `\n${' '.repeat(who.length + 2)}`)}`;
  if (kind === 'text') return `${who}  publishes: ${text}`;
  const verb = kind === 'failed' ? ' failed' : '';
  const where = place === undefined ? '' : ` at ${place}`;
  const separator = kind === 'failed' || kind === 'uncaught' ? ':' : '';
  return `${who}  ${handler ?? 'outside of a handler'}${verb}${where}${separator} ${text}`;
}
