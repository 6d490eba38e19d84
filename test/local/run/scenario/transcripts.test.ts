import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { receiveTranscripts } from '../../../../local/run/scenario/transcripts.ts';

const closers: (() => unknown)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

describe('transcripts of a scenario', () => {
  it('are received where a route sends them here, and nowhere else', async () => {
    const elsewhere = { name: 'b', transcription: { url: 'wss://words.example/', locale: 'en-US' } };
    const plain = { name: 'c' };
    const { routes, close } = await receiveTranscripts([
      { name: 'a', transcription: { url: 'here', locale: 'de-DE' } },
      elsewhere,
      plain,
    ]);
    closers.push(close);
    const [here, ...others] = routes as { transcription?: { url: string; locale: string } }[];
    expect(others).toEqual([elsewhere, plain]);
    expect(here?.transcription?.locale).toBe('de-DE');
    const socket = new WebSocket(here?.transcription?.url ?? '');
    await once(socket, 'open');
    close();
    await once(socket, 'close');
  });

  it('need no receiver where no route sends them here', async () => {
    const { routes, close } = await receiveTranscripts([{ name: 'a' }]);
    closers.push(close);
    expect(routes).toEqual([{ name: 'a' }]);
  });
});
