import type { Query } from '../http/query.ts';
import { isGroupName } from '../hub/names.ts';

/**
 * What becomes of the frames of a client without a subprotocol of the service: each is the user event `message`
 * (`sendEvent`, the default), or is published to one group (`sendToGroup`), which the client need not be in.
 */
export type SimpleClientMode =
  | { readonly mode: 'sendEvent' }
  | { readonly mode: 'sendToGroup'; readonly group: string; readonly noEcho: boolean };

/**
 * Reads `webpubsub_mode`, `group` and `noEcho` of a client's URL. Modes and truth values are matched without regard to
 * case; of a repeated parameter the last one counts, and an empty one counts as absent (Microsoft's emulator).
 * @returns the mode, or the rule that is broken as a sentence
 */
export function parseSimpleClientMode(query: Query): SimpleClientMode | string {
  switch (query.last('webpubsub_mode')?.toLowerCase()) {
    case undefined:
    case '':
    case 'sendevent':
      return { mode: 'sendEvent' };
    case 'sendtogroup':
      break;
    default:
      return "'webpubsub_mode' must be sendEvent or sendToGroup.";
  }
  const group = query.last('group');
  if (group === undefined || !isGroupName(group))
    return "'group' must be a valid group name when 'webpubsub_mode' is sendToGroup.";
  const noEcho = query.last('noEcho')?.toLowerCase() || 'false';
  if (noEcho !== 'true' && noEcho !== 'false') return "'noEcho' must be true or false.";
  return { mode: 'sendToGroup', group, noEcho: noEcho === 'true' };
}
