import type { CallOperation, OperationAnswer } from '../../../../shared/call/operation.ts';
import type { OperationContext } from '../../call/acs-port.ts';
import type { AcsClients } from './acs-clients.ts';
import { NotAskedError } from './acs-failure.ts';

type Recording = Extract<CallOperation, { type: 'startRecording' }>;

/**
 * Starts a recording of the call.
 * @throws NotAskedError, RestError
 */
export async function startRecording(
  { content, channels, format, pauseOnStart }: Recording,
  { retrying }: AcsClients,
  { serverCallId, callbackUrl }: OperationContext,
  abortSignal: AbortSignal,
): Promise<OperationAnswer> {
  if (serverCallId === undefined)
    throw new NotAskedError('the server call id is not known, without which nothing can be recorded');
  const { recordingId } = await retrying.getCallRecording().start({
    callLocator: { kind: 'serverCallLocator', id: serverCallId },
    recordingContent: content,
    recordingChannel: channels,
    recordingFormat: format,
    recordingStateCallbackEndpointUrl: callbackUrl,
    ...(pauseOnStart === undefined ? {} : { pauseOnStart }),
    abortSignal,
  });
  return { recordingId };
}

export type RecordingChange = 'pauseRecording' | 'resumeRecording' | 'stopRecording';

/**
 * Does something with the call's recording.
 * @throws NotAskedError, RestError
 */
export async function changeRecording(
  change: RecordingChange,
  { noRetry }: AcsClients,
  { recordingId }: OperationContext,
  abortSignal: AbortSignal,
): Promise<OperationAnswer> {
  if (recordingId === undefined) throw new NotAskedError('the id of the recording is not known');
  const recordings = noRetry.getCallRecording();
  switch (change) {
    case 'pauseRecording':
      await recordings.pause(recordingId, { abortSignal });
      return {};
    case 'resumeRecording':
      await recordings.resume(recordingId, { abortSignal });
      return {};
    case 'stopRecording':
      await recordings.stop(recordingId, { abortSignal });
      return {};
  }
}
