import type { Connection } from '../call/connection.ts';
import { type Fields, invalid } from '../http/fields.ts';
import { RefusedError, refusals } from '../http/refusal.ts';
import type { CallRecordings } from '../media-operations/call-recordings.ts';
import { type Operation, type OperationRequest, type OperationResult, once, plain } from './operation.ts';
import { readCallbackUri, readCallLocation } from './request-fields.ts';

const RECORDINGS = '/calling/recordings';
const RECORDING = `${RECORDINGS}/{recordingId}`;

/** States of recordings. No audio is recorded: the SDKs download from addresses of the service only. */
export const recordingOperations: readonly Operation[] = [
  once('startRecording', RECORDINGS, 200, startRecording),
  plain('GET', 'getRecordingProperties', RECORDING, 200, getRecording),
  plain('DELETE', 'stopRecording', RECORDING, 204, (request) => change(request, 'stop')),
  plain('POST', 'pauseRecording', `${RECORDING}:pause`, 202, (request) => change(request, 'pause')),
  plain('POST', 'resumeRecording', `${RECORDING}:resume`, 202, (request) => change(request, 'resume')),
];

function startRecording(request: OperationRequest): OperationResult {
  const { fields } = request;
  const connection = recordedConnection(request, fields);
  connection.requireEstablished();
  const storage = fields.object('externalStorage')?.optionalText('recordingStorageKind');
  if (storage?.toLowerCase() === 'azureblobstorage')
    throw new RefusedError(
      refusals.notSupported(
        'startRecording with externalStorage.recordingStorageKind azureBlobStorage (no audio is recorded that could be written)',
      ),
    );
  const stateCallbackUri = readCallbackUri(fields, 'recordingStateCallbackUri');
  const pauseOnStart = fields.flag('pauseOnStart', false);
  const recorded = request.calls
    .all()
    .some(
      ({ ids, connection: other }) =>
        ids.serverCallId === connection.serverCallId && other?.operations.recordings.active === true,
    );
  if (recorded) throw new RefusedError(refusals.duplicateRecording());
  return { json: connection.operations.recordings.start({ pauseOnStart, stateCallbackUri }) };
}

function getRecording(request: OperationRequest): OperationResult {
  const { recordings, recordingId } = find(request);
  return { json: recordings.get(recordingId) };
}

function change(request: OperationRequest, input: 'stop' | 'pause' | 'resume'): undefined {
  const { recordings, recordingId } = find(request);
  recordings.change(recordingId, input);
}

function recordedConnection({ calls, dialer }: OperationRequest, fields: Fields): Connection {
  const callConnectionId = fields.optionalText('callConnectionId');
  const locator = fields.object('callLocator');
  if (callConnectionId === undefined && locator === undefined)
    throw invalid('Either callLocator or callConnectionId is required.');
  const connection =
    callConnectionId !== undefined
      ? calls.findConnected(callConnectionId)?.connection
      : locator && dialer.find(readCallLocation(locator));
  if (connection === undefined) throw new RefusedError(refusals.callNotFound());
  return connection;
}

function find({ calls, path }: OperationRequest): { recordings: CallRecordings; recordingId: string } {
  const recordingId = path.get('recordingId') ?? '';
  for (const { connection } of calls.all()) {
    const recordings = connection?.operations.recordings;
    if (recordings?.has(recordingId) === true) return { recordings, recordingId };
  }
  throw new RefusedError(refusals.recordingNotFound());
}
