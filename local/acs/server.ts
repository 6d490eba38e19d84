import { createWavPhone } from '../phone/wav-phone.ts';
import { type AcsOptions, type RunningAcs, startAcsWith } from './acs.ts';
import { createOpenMediaStream } from './media/media-stream.ts';
import { MediaTicker } from './media/media-ticker.ts';

/**
 * Starts the stand-in of Azure Communication Services: Call Automation, callbacks, media sockets, and the phones that call.
 * A clock that is given also times the media.
 * @throws Error when an option is invalid or the port cannot be taken
 */
export function startAcs(options: AcsOptions): Promise<RunningAcs> {
  const { clock, behaviour } = options;
  const ticker = clock === undefined ? undefined : new MediaTicker(clock);
  return startAcsWith(options, {
    openMediaStream: createOpenMediaStream({
      ...(ticker && { ticker }),
      ...(behaviour?.mediaHandshakeMs !== undefined && { handshakeTimeoutMs: behaviour.mediaHandshakeMs }),
    }),
    ...(ticker && { ticker }),
    createPhone: createWavPhone,
  });
}
