import { spawn } from 'node:child_process';

/** The open-source speech synthesizer that is used where it is installed. */
export const SYNTHESIZER = 'espeak-ng';

/** How long a synthesis may take. */
const SYNTHESIS_LIMIT_MS = 10_000;
/** Bytes of speech, at most: about eleven minutes. */
const MAX_SPEECH_BYTES = 32 * 1024 * 1024;

export interface SynthesisRequest {
  /** A program that takes text on its input and writes WAV to its output. */
  readonly program: string;
  readonly args: readonly string[];
  readonly text: string;
  /** Kills the program, which has failed then. */
  readonly signal?: AbortSignal;
}

export type Synthesis =
  /** What the program wrote, whatever it is. */
  | { readonly type: 'spoken'; readonly wav: Buffer }
  /** There is no such program, or it may not be run. */
  | { readonly type: 'notInstalled'; readonly why: string }
  | { readonly type: 'failed'; readonly why: string };

/**
 * Runs a synthesizer, without a shell and with the text on its input: no character of it means anything but itself.
 * Never rejects; a program that takes too long or writes too much has failed.
 */
export function synthesize({ program, args, text, signal }: SynthesisRequest): Promise<Synthesis> {
  const { promise, resolve } = Promise.withResolvers<Synthesis>();
  const child = spawn(program, [...args], {
    stdio: ['pipe', 'pipe', 'ignore'],
    timeout: SYNTHESIS_LIMIT_MS,
    killSignal: 'SIGKILL',
    ...(signal === undefined ? {} : { signal }),
  });
  const chunks: Buffer[] = [];
  let length = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > MAX_SPEECH_BYTES) child.kill('SIGKILL');
    else chunks.push(chunk);
  });
  child.once('error', (error: NodeJS.ErrnoException) => {
    const { code, message } = error;
    resolve({ type: code === 'ENOENT' || code === 'EACCES' ? 'notInstalled' : 'failed', why: message });
  });
  child.once('close', (status, ended) => {
    if (status === 0) resolve({ type: 'spoken', wav: Buffer.concat(chunks) });
    else resolve({ type: 'failed', why: status === null ? `ended by ${ended}` : `exit status ${status}` });
  });
  // A program that does not read its input is judged by how it ends.
  child.stdin.on('error', () => {});
  child.stdin.end(text);
  return promise;
}
