/**
 * How `npm run call` learns what the workers of a running `npm start` do: a file of JSON lines beside `stack.json`, for
 * its owner only.
 */
import { appendFileSync, closeSync, fstatSync, mkdirSync, openSync, readSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findProject } from '../project/project.ts';
import { type Notice, type NoticeKind, parseNotice } from '../watch/notice.ts';

const noticeFile = (): string => join(findProject().folder, '.trunkline/workers.jsonl');

/** Further lines are left out: `npm start` has printed them. */
const MAX_BYTES = 50_000_000;

/** Begins an empty file. */
export class NoticeWriter {
  readonly #file: string;
  #bytes = 0;

  constructor(file = noticeFile()) {
    this.#file = file;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, '', { mode: 0o600 });
  }

  readonly write = (notice: Notice): void => {
    const line = `${JSON.stringify(notice)}\n`;
    this.#bytes += Buffer.byteLength(line);
    if (this.#bytes <= MAX_BYTES) appendFileSync(this.#file, line);
  };
}

/** Reads what is written from now on, and before it that a process stands still, if one does. */
export class NoticeReader {
  readonly #file: string;
  #at = 0;
  #rest = '';
  #standing: readonly Notice[];

  constructor(file = noticeFile()) {
    this.#file = file;
    this.#standing = blockedAtTheEndOf(this.#written());
  }

  /** What has been written since the last time. */
  next(): Notice[] {
    const standing = this.#standing;
    this.#standing = [];
    return [...standing, ...this.#written()];
  }

  #written(): Notice[] {
    const bytes = this.#read(this.#at);
    this.#at += bytes.length;
    const lines = (this.#rest + bytes.toString('latin1')).split('\n');
    this.#rest = lines.pop() ?? '';
    return lines.flatMap((line) => parseNotice(Buffer.from(line, 'latin1').toString('utf8')) ?? []);
  }

  #read(at: number): Buffer {
    try {
      const descriptor = openSync(this.#file, 'r');
      try {
        const bytes = Buffer.alloc(Math.max(0, fstatSync(descriptor).size - at));
        return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, at));
      } finally {
        closeSync(descriptor);
      }
    } catch {
      // There is none: the system was started by another version.
      return Buffer.alloc(0);
    }
  }
}

/** A block of a process from which nobody has told an end. */
function blockedAtTheEndOf(notices: readonly Notice[]): Notice[] {
  const last = notices.findLast(({ kind }) => kind === 'blocked' || ENDS_BLOCK.includes(kind));
  return last?.kind === 'blocked' ? [last] : [];
}

const ENDS_BLOCK: readonly NoticeKind[] = ['unblocked', 'restarted'];
