/** Where the audio of a call goes: to the relay, and to a transcription. */
import * as z from 'zod';
import { lineSchema } from '../call/passed-on-schema.ts';
import { localeSchema } from '../call/play-source-schema.ts';
import { accepted, callSchema } from './call-schema.ts';
import type { EndpointTable } from './endpoint.ts';
import { OPERATION_PROBLEMS } from './endpoint-problems.ts';

const CONNECTED = ['call-ended', 'call-not-connected', 'acs-refused', 'acs-unavailable'] as const;

const streamingBody = z.strictObject({
  operationContext: lineSchema(1_024)
    .exactOptional()
    .describe('Azure Communication Services returns it in the events that follow. No control characters.'),
});

export const streamingEndpoints = {
  startMediaStreaming: {
    method: 'POST',
    path: 'calls/{callId}/streaming/start',
    tag: 'streaming',
    summary: "Starts streaming the call's audio to its workers",
    role: 'Calls.Control',
    body: streamingBody,
    answer: { status: 202, description: 'Streaming is starting.', schema: callSchema },
    problems: [...CONNECTED, 'streaming-already-on', 'streaming-stopping'],
  },
  stopMediaStreaming: {
    method: 'POST',
    path: 'calls/{callId}/streaming/stop',
    tag: 'streaming',
    summary: "Stops streaming the call's audio without ending the call",
    role: 'Calls.Control',
    body: streamingBody,
    answer: { status: 202, description: 'Streaming is stopping.', schema: callSchema },
    problems: [...CONNECTED, 'streaming-already-off', 'streaming-stopping'],
  },
  startTranscription: {
    method: 'POST',
    path: 'calls/{callId}/transcription/start',
    tag: 'streaming',
    summary: 'Starts transcribing the call',
    role: 'Calls.Control',
    body: z.strictObject({ locale: localeSchema }),
    answer: accepted('Transcription is starting.'),
    problems: [...OPERATION_PROBLEMS, 'transcription-already-on'],
  },
  stopTranscription: {
    method: 'POST',
    path: 'calls/{callId}/transcription/stop',
    tag: 'streaming',
    summary: 'Stops transcribing the call',
    role: 'Calls.Control',
    answer: accepted('Transcription is stopping.'),
    problems: [...OPERATION_PROBLEMS, 'transcription-already-off'],
  },
} as const satisfies EndpointTable;
