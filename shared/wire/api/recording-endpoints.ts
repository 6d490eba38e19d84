/** Recording a call. */
import * as z from 'zod';
import { accepted } from './call-schema.ts';
import type { Endpoint, EndpointTable } from './endpoint.ts';
import { OPERATION_PROBLEMS } from './endpoint-problems.ts';

/** ACS records video only as MP4, and one channel per participant only as audio in a WAV file. */
const startBody = z
  .strictObject({
    content: z.enum(['audio', 'audioVideo']).default('audio'),
    channels: z.enum(['mixed', 'unmixed']).default('mixed'),
    format: z.enum(['wav', 'mp3', 'mp4']).default('wav'),
    pauseOnStart: z.boolean().exactOptional().describe('Starts paused: recording begins with `resume`.'),
  })
  .check(({ value, issues }) => {
    const isVideo = value.content === 'audioVideo';
    const refuse = (path: string, message: string): void => {
      issues.push({ code: 'custom', input: value, path: [path], message });
    };
    if (isVideo !== (value.format === 'mp4'))
      refuse('format', 'must be mp4 with audioVideo, and only with it');
    if (value.channels === 'unmixed' && (isVideo || value.format !== 'wav'))
      refuse('channels', 'can be unmixed only for audio in the format wav');
  });

const common = {
  method: 'POST',
  tag: 'recording',
  role: 'Calls.Control',
} as const satisfies Partial<Endpoint>;

export const recordingEndpoints = {
  startRecording: {
    ...common,
    path: 'calls/{callId}/recording/start',
    summary: 'Starts recording the call',
    body: startBody,
    answer: accepted('Recording is starting.'),
    problems: [...OPERATION_PROBLEMS, 'recording-already-on'],
  },
  pauseRecording: {
    ...common,
    path: 'calls/{callId}/recording/pause',
    summary: 'Pauses recording',
    answer: accepted('Recording is being paused.'),
    problems: [...OPERATION_PROBLEMS, 'recording-already-off', 'recording-starting', 'recording-paused'],
  },
  resumeRecording: {
    ...common,
    path: 'calls/{callId}/recording/resume',
    summary: 'Resumes recording',
    answer: accepted('Recording is being resumed.'),
    problems: [...OPERATION_PROBLEMS, 'recording-already-off', 'recording-starting', 'recording-not-paused'],
  },
  stopRecording: {
    ...common,
    path: 'calls/{callId}/recording/stop',
    summary: 'Stops recording',
    answer: accepted('Recording is stopping.'),
    problems: [...OPERATION_PROBLEMS, 'recording-already-off', 'recording-starting'],
  },
} as const satisfies EndpointTable;
