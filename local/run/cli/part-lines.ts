/** What the parts of the system print, for people: warnings and errors, or with `--verbose` all of it. */
import type { CallDisplay } from './call-display.ts';
import { hangInWords } from './hang-in-words.ts';

type Level = 'info' | 'warn' | 'error';

interface PartLine {
  readonly level: Level;
  readonly text: string;
}

/** Levels of pino, by number. */
const PINO_WARN = 40;
const PINO_ERROR = 50;

/** The Functions host: time, level, function or "host", message. */
const HOST_LINE = /^\d{4}-\d\d-\d\dT[\d:.]+Z (trace|debug|info|warn|error|crit) +(.*)$/s;
/** What is told as a notice of its worker, with the line of its author. */
const TOLD = /\b(?:a worker|worker \S+) lost an event\b/;
/** An emulator that reports a failure of its own, or Node that reports one of a process. */
const FAILURE = /^\w*Error\b|\bfailed\b|\buncaught\b/;

/** What stands in front of a message, or is of no use to people. */
const NOT_SHOWN: readonly string[] = [
  'level',
  'time',
  'msg',
  'message',
  'pid',
  'hostname',
  'name',
  'source',
  'process',
];

/** Reads the lines of a part, one after the other. */
export class PartLines {
  #last: Level = 'info';

  /** How much a line matters, and its text without what every line has. What is indented belongs to the one before. */
  read(line: string): PartLine {
    const { level, text } = /^\s/.test(line) ? { level: this.#last, text: line } : readLine(line);
    this.#last = TOLD.test(text) ? 'info' : level;
    return { level: this.#last, text };
  }
}

function readLine(line: string): PartLine {
  const json = parseObject(line);
  if (json !== undefined) {
    const message = json['msg'] ?? json['message'];
    const more = Object.entries(json)
      .filter(([name]) => !NOT_SHOWN.includes(name))
      .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
    return {
      level: levelOf(json['level']),
      text: [...(typeof message === 'string' ? [message] : []), ...more].join('  '),
    };
  }
  const [, level, text = ''] = HOST_LINE.exec(line) ?? [];
  if (level !== undefined) return { level: levelOf(level), text };
  return { level: FAILURE.test(line) ? 'error' : 'info', text: line };
}

function levelOf(level: unknown): Level {
  if (typeof level === 'number') return level >= PINO_ERROR ? 'error' : level >= PINO_WARN ? 'warn' : 'info';
  if (level === 'error' || level === 'crit') return 'error';
  return level === 'warn' ? 'warn' : 'info';
}

function parseObject(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** Options of a system whose progress and whose lines are shown. */
export function showing(
  display: CallDisplay,
  verbose: boolean,
): {
  readonly onLine: (part: string, line: string) => void;
  readonly onProgress: (what: string, howFar: string) => void;
} {
  const parts = new Map<string, PartLines>();
  return {
    onLine: (part, line) => {
      const lines = parts.get(part) ?? new PartLines();
      parts.set(part, lines);
      const { level, text } = lines.read(line);
      const hint = hangInWords(part, line);
      if (hint !== undefined) display.print(hint);
      if (verbose || (level !== 'info' && hint === undefined))
        display.print(`[${part}] ${labelled(level, text)}`);
    },
    onProgress: (what, howFar) => display.progress(what, howFar),
  };
}

function labelled(level: Level, text: string): string {
  return level === 'info' || /^\s/.test(text) ? text : `${level}: ${text}`;
}
