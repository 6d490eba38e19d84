import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';

/** The longest piece of one read. All connections share the memory, since each read is used before the next. */
const READ_BYTES = 256 * 1024;
const shared = Buffer.allocUnsafeSlow(READ_BYTES);

interface HandleOwner {
  _handle?: (object & { readonly useUserBuffer?: unknown }) | null;
}

/**
 * Takes over a connection from an HTTP server or client, and reads it into shared memory. Otherwise Node allocates 64
 * KB for each read. Node offers this as `onread` for sockets that a program makes, but not for those of HTTP. So this
 * function puts the connection's handle into a new socket with `onread`. Without such a handle, and for anything but
 * plain TCP, the same bytes come from `data` events.
 *
 * @param reader takes each piece; the bytes are valid until `push` returns
 * @returns the socket to use from now on
 */
export function adoptSocket(accepted: Duplex, reader: { push(bytes: Buffer): void }): Duplex {
  const isPlain = accepted instanceof Socket && !(accepted instanceof TLSSocket);
  const handle = isPlain ? (accepted as HandleOwner)._handle : undefined;
  if (typeof handle?.useUserBuffer !== 'function') {
    accepted.on('data', (bytes: Buffer) => reader.push(bytes));
    return accepted;
  }
  // The old socket gives up the connection, and the server, which counts its sockets, gives up the old socket.
  (accepted as HandleOwner)._handle = null;
  accepted.destroy();
  const socket = new Socket({
    handle,
    readable: true,
    writable: true,
    onread: {
      buffer: shared,
      callback: (bytes: number) => {
        reader.push(shared.subarray(0, bytes));
        return true;
      },
    },
  } as unknown as ConstructorParameters<typeof Socket>[0]);
  return socket.setNoDelay(true);
}
