import { describe, expect, it } from 'vitest';
import { readBodyBytes } from '../../../shared/base/http-body.ts';

/** A request whose body comes in these parts, and what became of them. */
function streamed(parts: readonly Uint8Array[], headers: Record<string, string> = {}) {
  const read: number[] = [];
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const part = parts[read.length];
        if (part === undefined) controller.close();
        else {
          read.push(part.byteLength);
          controller.enqueue(part);
        }
      },
      cancel() {
        isCancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { source: { headers: new Headers(headers), body }, read, isCancelled: () => isCancelled };
}

describe('the body of a request', () => {
  it('is the bytes of its parts in order', async () => {
    const { source } = streamed([Uint8Array.of(1, 2), Uint8Array.of(3)]);
    expect(await readBodyBytes(source, 3)).toEqual(Uint8Array.of(1, 2, 3));
  });

  it('is empty where there is none', async () => {
    expect(await readBodyBytes(new Request('http://localhost/'), 10)).toEqual(new Uint8Array());
  });

  it('is counted in bytes and not in characters', async () => {
    const request = (): Request => new Request('http://localhost/', { method: 'POST', body: 'éé' });
    expect(await readBodyBytes(request(), 4)).toHaveLength(4);
    expect(await readBodyBytes(request(), 3)).toBeUndefined();
  });

  const threes = () => streamed([new Uint8Array(3), new Uint8Array(3), new Uint8Array(3)]);

  it('is read no further than it may be long, and the request goes on', async () => {
    const { source, read, isCancelled } = threes();
    expect(await readBodyBytes(source, 4)).toBeUndefined();
    expect(read).toEqual([3, 3]);
    expect(isCancelled()).toBe(false);
  });

  it('is read to its end where the caller asks for it', async () => {
    const { source, read } = threes();
    expect(await readBodyBytes(source, 4, { readsOnTo: 9 })).toBeUndefined();
    expect(read).toEqual([3, 3, 3]);
  });

  it('is read no further than the caller asks for', async () => {
    const { source, read } = threes();
    expect(await readBodyBytes(source, 2, { readsOnTo: 5 })).toBeUndefined();
    expect(read).toEqual([3, 3]);
  });

  it('is given up at a signal, and its request with it', async () => {
    let isCancelled = false;
    const body = new ReadableStream({
      cancel() {
        isCancelled = true;
      },
    });
    const late = new AbortController();
    const reading = readBodyBytes({ headers: new Headers(), body }, 4, { signal: late.signal });
    late.abort(new Error('too late'));
    await expect(reading).rejects.toThrow('too late');
    expect(isCancelled).toBe(true);
  });

  it('is not read at all when its length is said to be too much', async () => {
    const { source, read } = streamed([new Uint8Array(3)], { 'content-length': '5' });
    expect(await readBodyBytes(source, 4)).toBeUndefined();
    expect(read).toEqual([]);
  });
});
