import { writeSync } from 'node:fs';
import { NOTICE_FD, type Notice } from './notice.ts';

/** Written at once, since the process may end with the next statement, and from any thread. */
export function tell(notice: Notice): void {
  try {
    writeSync(NOTICE_FD, `${JSON.stringify(notice)}\n`);
  } catch {
    // The parent is gone.
  }
}
