import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';

/** Longest piece that is read at a time; one for the process, since what was read is used before the next is. */
const READ_BYTES = 256 * 1024;
const shared = Buffer.allocUnsafeSlow(READ_BYTES);

interface HandleOwner {
  _handle?: (object & { readonly useUserBuffer?: unknown }) | null;
}

/**
 * Reads a connection that a HTTP server or client has given away into memory that is used again, instead of 64 KB that are allocated for each read. Node has
 * this as `onread` for connections that are opened by hand, not for those of HTTP, so the handle of the connection is put into a socket that is
 * made with it. Where Node keeps no such handle, and for what is not plain TCP, the same bytes come by `data`.
 *
 * @param read called with all that comes; the bytes are valid until it returns
 * @returns the socket that is to be used from now on
 */
export function adoptSocket(accepted: Duplex, read: (bytes: Buffer) => void): Duplex {
  const isPlain = accepted instanceof Socket && !(accepted instanceof TLSSocket);
  const handle = isPlain ? (accepted as HandleOwner)._handle : undefined;
  if (typeof handle?.useUserBuffer !== 'function') {
    accepted.on('data', read);
    return accepted;
  }
  // The old socket lets go of the connection, and of the server, which counts its sockets.
  (accepted as HandleOwner)._handle = null;
  accepted.destroy();
  const socket = new Socket({
    handle,
    readable: true,
    writable: true,
    onread: {
      buffer: shared,
      callback: (bytes: number) => {
        read(shared.subarray(0, bytes));
        return true;
      },
    },
  } as unknown as ConstructorParameters<typeof Socket>[0]);
  return socket.setNoDelay(true);
}
