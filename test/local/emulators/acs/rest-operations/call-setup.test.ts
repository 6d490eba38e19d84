import { describe, expect, it } from 'vitest';
import { Fields } from '../../../../../local/emulators/acs/http/fields.ts';
import { RefusedError } from '../../../../../local/emulators/acs/http/refusal.ts';
import { parseAnswerRequest } from '../../../../../local/emulators/acs/rest-operations/call-setup.ts';

const BODY = { incomingCallContext: 'ctx', callbackUri: 'https://app.example/cb?x=1' };
const MEDIA = { transportType: 'websocket', audioChannelType: 'unmixed', transportUrl: 'wss://x/y' };

function refused(body: unknown): { status: number; code: string; message: string } {
  try {
    parseAnswerRequest(new Fields(body), '2026-03-12');
  } catch (error) {
    if (error instanceof RefusedError) return error.refusal;
    throw error;
  }
  throw new Error('the request was accepted');
}

describe('an answer request', () => {
  it('reads what the JavaScript SDK sends', () => {
    const body = {
      incomingCallContext: 'ctx',
      callbackUri: 'http://127.0.0.1:7071/cb',
      operationContext: 'oc',
      callIntelligenceOptions: { cognitiveServicesEndpoint: 'https://cog' },
      mediaStreamingOptions: {
        ...MEDIA,
        contentType: 'audio',
        startMediaStreaming: true,
        enableBidirectional: true,
        audioFormat: 'Pcm24KMono',
        enableDtmfTones: true,
      },
    };
    expect(parseAnswerRequest(new Fields(body), '2026-03-12')).toEqual({
      incomingCallContext: 'ctx',
      answer: {
        callbackUri: 'http://127.0.0.1:7071/cb',
        apiVersion: '2026-03-12',
        operationContext: 'oc',
        answeredBy: undefined,
        media: {
          url: 'wss://x/y',
          audioChannelType: 'unmixed',
          audioFormat: 'pcm24KMono',
          startMediaStreaming: true,
          enableBidirectional: true,
          enableDtmfTones: true,
        },
      },
    });
  });

  it.each([
    [
      { transportType: 'WebSocket', audioChannelType: 'MIXED', audioFormat: 'PCM16KMONO' },
      'mixed',
      'pcm16KMono',
    ],
    [{ kind: 'websocket', transportType: undefined, audioChannelType: 'Unmixed' }, 'unmixed', 'pcm16KMono'],
  ])(
    'takes enum values in any casing, and the older name of the transport: %o',
    (given, channels, format) => {
      const { answer } = parseAnswerRequest(
        new Fields({ ...BODY, mediaStreamingOptions: { ...MEDIA, ...given } }),
        'v',
      );
      expect(answer.media).toMatchObject({ audioChannelType: channels, audioFormat: format });
    },
  );

  it('starts nothing, sends nothing and streams no keys unless asked to', () => {
    expect(
      parseAnswerRequest(new Fields({ ...BODY, mediaStreamingOptions: MEDIA }), 'v').answer.media,
    ).toMatchObject({
      startMediaStreaming: false,
      enableBidirectional: false,
      enableDtmfTones: false,
    });
  });

  it.each([
    ['no context', { callbackUri: BODY.callbackUri }, 'incomingCallContext'],
    ['no callback', { incomingCallContext: 'ctx' }, 'callbackUri'],
    ['a number for a context', { ...BODY, incomingCallContext: 4 }, 'incomingCallContext'],
    ['plain http to another host', { ...BODY, callbackUri: 'http://app.example/cb' }, 'callbackUri'],
    [
      'a host that only looks like loopback',
      { ...BODY, callbackUri: 'http://127.0.0.1.example/cb' },
      'callbackUri',
    ],
    ['another scheme', { ...BODY, callbackUri: 'ftp://localhost/cb' }, 'callbackUri'],
    ['a relative callback', { ...BODY, callbackUri: '/cb' }, 'callbackUri'],
    [
      'a channel type that is none',
      { ...BODY, mediaStreamingOptions: { ...MEDIA, audioChannelType: 'both' } },
      'audioChannelType',
    ],
    [
      'a format that is none',
      { ...BODY, mediaStreamingOptions: { ...MEDIA, audioFormat: 'pcm8KMono' } },
      'audioFormat',
    ],
    [
      'text for a flag',
      { ...BODY, mediaStreamingOptions: { ...MEDIA, enableBidirectional: 'true' } },
      'enableBidirectional',
    ],
    [
      'no transport type',
      { ...BODY, mediaStreamingOptions: { ...MEDIA, transportType: undefined } },
      'transportType',
    ],
    [
      'no address of the media socket',
      { ...BODY, mediaStreamingOptions: { ...MEDIA, transportUrl: undefined } },
      'mediaStreamingOptions.transportUrl',
    ],
    [
      'no address of the transcription socket',
      { ...BODY, transcriptionOptions: { transportType: 'websocket', locale: 'en-US' } },
      'transcriptionOptions.transportUrl',
    ],
    ['a list', [], 'JSON object'],
  ])('refuses %s with 8523 and names it', (_, body, name) => {
    const { status, code, message } = refused(body);
    expect({ status, code }).toEqual({ status: 400, code: '8523' });
    expect(message).toContain(name);
  });
});
