import { CloseCode } from '../base/close-codes.ts';
import type { TransportEnd } from './commands.ts';

/** RFC 6455: the close frame had no status code. A browser's and the SDK's plain `close()` send it. */
const CLOSED_WITHOUT_CODE = 1005;

/** Why a socket's end is the end of its session too; undefined when a reliable client may come back for it. */
export function sessionEndOf(
  end: TransportEnd,
): { readonly code: number; readonly reason: string } | undefined {
  switch (end.how) {
    case 'violation':
      return end;
    case 'tooSlow':
      return { code: CloseCode.policyViolation, reason: 'slow client: the outbound queue is full' };
    case 'closed': {
      const isGoodbye = end.code === CloseCode.normal || end.code === CLOSED_WITHOUT_CODE;
      return isGoodbye ? { code: CloseCode.normal, reason: end.reason } : undefined;
    }
    case 'lost':
      return undefined;
  }
}
