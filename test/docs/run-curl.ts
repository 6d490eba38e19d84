/**
 * Runs a `curl` command of a document; where curl is not installed, does what the few of its options say that documents
 * use.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface CurlAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** `args` without the word `curl`. */
export async function runCurl(args: readonly string[], limitMs: number): Promise<CurlAnswer> {
  try {
    const { stdout } = await run('curl', ['-sS', '-w', '\n%{http_code} %{content_type}', ...args], {
      timeout: limitMs,
    });
    const at = stdout.lastIndexOf('\n');
    const [, status, contentType = ''] = /^(\d+) ?(.*)$/.exec(stdout.slice(at + 1)) ?? [];
    return { status: Number(status), contentType, body: stdout.slice(0, at) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return await asCurl(args, limitMs);
  }
}

async function asCurl(args: readonly string[], limitMs: number): Promise<CurlAnswer> {
  const headers = new Headers();
  let method: string | undefined;
  let body: string | undefined;
  let url = '';
  const words = args[Symbol.iterator]();
  const next = (): string => String(words.next().value ?? '');
  for (const word of words) {
    if (word === '-X') method = next();
    else if (word === '-d') body = next();
    else if (word === '-H') {
      const [, name = '', value = ''] = /^([^:]+): *(.*)$/.exec(next()) ?? [];
      headers.set(name, value);
    } else if (word.startsWith('-')) {
      if (word !== '-N')
        throw new Error(`this option is known to curl alone, which is not installed: ${word}`);
    } else url = word;
  }
  const response = await fetch(url, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers,
    ...(body === undefined ? {} : { body }),
    signal: AbortSignal.timeout(limitMs),
  });
  return {
    status: response.status,
    contentType: response.headers.get('content-type') ?? '',
    body: await response.text(),
  };
}
