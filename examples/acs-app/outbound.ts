/** The same audio message as the official SDKs of four languages write it. */
export type Dialect = 'javascript' | 'csharp' | 'java' | 'python';

export const DIALECTS: readonly Dialect[] = ['javascript', 'csharp', 'java', 'python'];

/** @param data base64 of PCM16 little-endian mono */
export function audioMessage(dialect: Dialect, data: string): string {
  switch (dialect) {
    case 'javascript':
      return JSON.stringify({ kind: 'audioData', audioData: { data, isSilent: false }, stopAudio: {} });
    case 'csharp':
      return JSON.stringify({
        Kind: 'AudioData',
        AudioData: { Data: data, Timestamp: '0001-01-01T00:00:00+00:00', Participant: null, IsSilent: false },
        StopAudio: null,
      });
    case 'java':
      return JSON.stringify({
        kind: 'AudioData',
        audioData: { data, timestamp: null, participant: null, isSilent: false },
        stopAudio: null,
      });
    case 'python':
      return JSON.stringify({ Kind: 'AudioData', AudioData: { Data: data }, StopAudio: null });
  }
}
