import { describe, expect, it } from 'vitest';
import { type SynthesisRequest, synthesize } from '../../../local/phone/speech.ts';

/** What a program does that is written in JavaScript. */
function program(script: string): SynthesisRequest {
  return { program: process.execPath, args: ['-e', script], text: 'hello' };
}

describe('a synthesizer', () => {
  it('is given the text on its input, and what it writes comes back', async () => {
    expect(await synthesize(program('process.stdin.pipe(process.stdout)'))).toEqual({
      type: 'spoken',
      wav: Buffer.from('hello'),
    });
  });

  it('fails with the status or the signal that it ends with', async () => {
    expect(await synthesize(program('process.exit(3)'))).toEqual({ type: 'failed', why: 'exit status 3' });
    const killed = await synthesize(program("process.kill(process.pid, 'SIGKILL')"));
    expect(killed).toEqual({ type: 'failed', why: 'ended by SIGKILL' });
  });

  it('is killed where it writes without end', async () => {
    const endless = 'const more = () => process.stdout.write(Buffer.alloc(1 << 20), more); more()';
    expect(await synthesize(program(endless))).toEqual({ type: 'failed', why: 'ended by SIGKILL' });
  });

  it('is killed where nobody waits for it any more', async () => {
    const aborting = new AbortController();
    const synthesis = synthesize({ ...program('setInterval(() => {}, 1000)'), signal: aborting.signal });
    aborting.abort();
    expect(await synthesis).toMatchObject({ type: 'failed' });
  });

  it('is told apart from one that is not there or may not be run', async () => {
    expect(await synthesize({ ...program(''), program: '/nowhere/to-be-found' })).toMatchObject({
      type: 'notInstalled',
    });
    expect(await synthesize({ ...program(''), program: import.meta.filename })).toMatchObject({
      type: 'notInstalled',
    });
  });
});
