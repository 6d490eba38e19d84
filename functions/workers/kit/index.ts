/** What the author of a worker imports as `trunkline/kit`. */
export { CallsApiError } from '../../../shared/client/calls-api-error.ts';
export { CallControlMissingError } from './call-requests.ts';
export { defineWorker, WorkerDefinitionError } from './define-worker.ts';
export { InterruptedError, PlayError } from './player.ts';
export { type Audio, readWav, resample, WavError, writeWav } from './recording.ts';
export { HandlerReturnedError } from './running-handler.ts';
export type * from './worker.ts';
