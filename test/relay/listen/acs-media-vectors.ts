/** Messages of the tests and pages of the official SDKs, and what they mean. */
export const VECTORS: readonly { source: string; message: unknown; expected: unknown }[] = [
  {
    source: 'JavaScript SDK, metadata',
    message: {
      kind: 'AudioMetadata',
      audioMetadata: {
        subscriptionId: '4af370df-3868-461f-8242-91f077a6f8a6',
        encoding: 'PCM',
        sampleRate: 16000,
        channels: 1,
        length: 640,
      },
    },
    expected: {
      kind: 'audioMetadata',
      subscriptionId: '4af370df-3868-461f-8242-91f077a6f8a6',
      encoding: 'PCM',
      sampleRateHz: 16_000,
      channels: 1,
      frameBytes: 640,
    },
  },
  {
    source: 'JavaScript SDK, audio (the data is a placeholder)',
    message: {
      kind: 'AudioData',
      audioData: {
        timestamp: '2024-05-30T06:25:02.948Z',
        data: 'test',
        silent: false,
        participantRawID: '28:6b45c5b6-1c34-47c0-8980-11e98d47d23f',
      },
    },
    expected: {
      kind: 'audioData',
      data: Buffer.from([0xb5, 0xeb, 0x2d]),
      timestampMs: Date.UTC(2024, 4, 30, 6, 25, 2, 948),
      participantRawId: '28:6b45c5b6-1c34-47c0-8980-11e98d47d23f',
      silent: false,
    },
  },
  {
    source: '.NET SDK, audio',
    message: {
      kind: 'AudioData',
      audioData: {
        data: 'AQIDBAU=',
        timestamp: '2022-08-23T11:48:05Z',
        participantRawID: 'participantId',
        silent: false,
      },
    },
    expected: {
      kind: 'audioData',
      data: Buffer.from([1, 2, 3, 4, 5]),
      timestampMs: Date.UTC(2022, 7, 23, 11, 48, 5),
      participantRawId: 'participantId',
      silent: false,
    },
  },
  {
    source: 'Java SDK, audio of a mixed stream',
    message: { kind: 'AudioData', audioData: { timestamp: '2022-10-03T19:16:12.925Z', data: 'AQIDBAU=' } },
    expected: {
      kind: 'audioData',
      data: Buffer.from([1, 2, 3, 4, 5]),
      timestampMs: Date.UTC(2022, 9, 3, 19, 16, 12, 925),
      silent: false,
    },
  },
  {
    source: 'Java SDK, audio without a kind',
    message: {
      audioData: {
        data: 'dGVzdGF1ZGlv',
        timestamp: '2023-08-01T10:00:00Z',
        participantRawId: 'participant123',
        silent: false,
      },
    },
    expected: {
      kind: 'audioData',
      data: Buffer.from('testaudio'),
      timestampMs: Date.UTC(2023, 7, 1, 10),
      participantRawId: 'participant123',
      silent: false,
    },
  },
  {
    source: '.NET SDK, metadata of no known format',
    message: {
      kind: 'AudioMetadata',
      audioMetadata: {
        subscriptionId: 'subscriptionId',
        encoding: 'encodingType',
        sampleRate: 8,
        channels: 2,
        length: 640,
      },
    },
    expected: {
      kind: 'audioMetadata',
      subscriptionId: 'subscriptionId',
      encoding: 'encodingType',
      sampleRateHz: 8,
      channels: 2,
      frameBytes: 640,
    },
  },
  {
    source: 'Java SDK, metadata without a kind',
    message: {
      audioMetadata: {
        subscriptionId: 'sub123',
        encoding: 'Pcm',
        sampleRate: 16000,
        channels: 1,
        length: 1024,
      },
    },
    expected: {
      kind: 'audioMetadata',
      subscriptionId: 'sub123',
      encoding: 'Pcm',
      sampleRateHz: 16_000,
      channels: 1,
      frameBytes: 1024,
    },
  },
  {
    source: 'documentation, DTMF',
    message: { kind: 'DtmfData', dtmfData: { data: '3' } },
    expected: { kind: 'dtmfData', tone: '3' },
  },
  {
    source: 'JavaScript SDK, transcription metadata',
    message: {
      kind: 'TranscriptionMetadata',
      transcriptionMetadata: {
        subscriptionId: '0000a000-9999-5555-ae00-cd00e0bc0000',
        locale: 'en-US',
        callConnectionId: '6d09449c-6677-4f91-8cb7-012c338e6ec1',
        correlationId: '6d09449c-6677-4f91-8cb7-012c338e6ec1',
        speechRecognitionModelEndpointId: '0000a000-9999-5555-ae00-cd00e0bc0001',
      },
    },
    expected: {
      kind: 'transcriptionMetadata',
      subscriptionId: '0000a000-9999-5555-ae00-cd00e0bc0000',
      locale: 'en-US',
      callConnectionId: '6d09449c-6677-4f91-8cb7-012c338e6ec1',
      correlationId: '6d09449c-6677-4f91-8cb7-012c338e6ec1',
    },
  },
  {
    source: '.NET SDK, transcription without words (on which the JavaScript SDK throws)',
    message: {
      kind: 'TranscriptionData',
      transcriptionData: {
        text: 'store hours',
        format: 'display',
        offset: 49876484,
        duration: 9200000,
        participantRawID: 'abc12345',
        resultStatus: 'Intermediate',
      },
    },
    expected: {
      kind: 'transcriptionData',
      text: 'store hours',
      offset: 49_876_484,
      duration: 9_200_000,
      participantRawId: 'abc12345',
      resultStatus: 'Intermediate',
    },
  },
  {
    source: '.NET preview, mark',
    message: { kind: 'MarkData', markData: { id: 'm1', status: 'x' } },
    expected: { kind: 'unknown', name: 'MarkData' },
  },
];
