import type { AnswerCallOptions, CallConnection } from '@azure/communication-call-automation';
import { expect } from 'vitest';
import type { AcsFixture } from './acs-fixture.ts';

/** Media streaming to nobody; tests replace the socket. */
export const MEDIA = {
  transportType: 'websocket',
  audioChannelType: 'mixed',
  transportUrl: 'ws://127.0.0.1:9/media/x?ticket=y',
  contentType: 'audio',
  startMediaStreaming: true,
  enableBidirectional: true,
  audioFormat: 'Pcm24KMono' as never,
} as const satisfies AnswerCallOptions['mediaStreamingOptions'];

/** A call that the application has answered, once it is connected. */
export async function answered(f: AcsFixture, options: AnswerCallOptions = {}): Promise<CallConnection> {
  const { incomingCallContext } = await f.ring();
  const { callConnection, callConnectionProperties } = await f.client.answerCall(
    incomingCallContext,
    f.callbackUrl,
    options,
  );
  const { callConnectionId } = callConnectionProperties;
  await f.callbackWhere('CallConnected', (data) => data['callConnectionId'] === callConnectionId);
  return callConnection;
}

/** What the SDK throws for this answer of the service. */
export function failsWith(statusCode: number, code: string): object {
  return expect.objectContaining({ name: 'RestError', statusCode, code });
}
