import { createWavPhone } from '../phone/wav-phone.ts';
import { type AcsOptions, type RunningAcs, startAcsWith } from './acs.ts';
import { openMediaStream } from './media/media-stream.ts';

/**
 * Starts the stand-in of Azure Communication Services: Call Automation, callbacks, media sockets, and the phones that call.
 * @throws Error when an option is invalid or the port cannot be taken
 */
export function startAcs(options: AcsOptions): Promise<RunningAcs> {
  return startAcsWith(options, { openMediaStream, createPhone: createWavPhone });
}
