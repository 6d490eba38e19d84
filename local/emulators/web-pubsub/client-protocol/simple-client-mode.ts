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
 * case; of a repeated parameter the last one counts (Microsoft's emulator).
 * @returns the mode, or the rule that is broken as a sentence
 */
export function parseSimpleClientMode(query: URLSearchParams): SimpleClientMode | string {
  const mode = query.getAll('webpubsub_mode').at(-1);
  switch (mode?.toLowerCase()) {
    case undefined:
    case 'sendevent':
      return { mode: 'sendEvent' };
    case 'sendtogroup':
      break;
    default:
      return "'webpubsub_mode' must be sendEvent or sendToGroup.";
  }
  const group = query.getAll('group').at(-1);
  if (group === undefined || !isGroupName(group))
    return "'group' must be a valid group name when 'webpubsub_mode' is sendToGroup.";
  const noEcho = query.getAll('noEcho').at(-1)?.toLowerCase() ?? 'false';
  if (noEcho !== 'true' && noEcho !== 'false') return "'noEcho' must be true or false.";
  return { mode: 'sendToGroup', group, noEcho: noEcho === 'true' };
}
