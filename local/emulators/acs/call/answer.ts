import type { ReplyTo } from '../events/callback-event.ts';
import type { TranscriptionConfiguration } from '../media-operations/call-transcription.ts';
import type { MediaConfiguration } from './media-leg.ts';

/** What the application said when it answered or placed a call. */
export interface Answer extends ReplyTo {
  readonly callbackUri: string;
  readonly apiVersion: string;
  readonly answeredBy?: { readonly id: string } | undefined;
  readonly media?: MediaConfiguration | undefined;
  readonly transcription?: TranscriptionConfiguration | undefined;
}
