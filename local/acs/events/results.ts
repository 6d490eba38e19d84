import type { MediaFailure } from '../media/port.ts';
import type { ResultInformation } from './callback-event.ts';

/** Results as captured from the service, except where the comment says otherwise. */
export const COMPLETED: ResultInformation = {
  code: 200,
  subCode: 0,
  message: 'Action completed successfully.',
};

/** Code and subcode of a call that ended gracefully; the wording is ours. */
export const CALL_ENDED: ResultInformation = { code: 200, subCode: 7000, message: 'The call has ended.' };

/** No payload of this case is public: the code is that of "media streaming failed", the wording is ours. */
export const STREAM_INTERRUPTED: ResultInformation = {
  code: 500,
  subCode: 8603,
  message: 'Action failed, the websocket connection was closed by the other side.',
};

export const STREAM_FAILED: Readonly<Record<MediaFailure, ResultInformation>> = {
  invalidUrl: {
    code: 400,
    subCode: 8581,
    message: 'Action failed, Transport url is not valid or web socket server is not operational.',
  },
  notAccepted: {
    code: 500,
    subCode: 8603,
    message: 'Action failed, not able to establish websocket connection.',
  },
};
