/**
 * The application of the measurement, a process of its own: sends every frame of audio back at once, at the least cost.
 */
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';

const DATA = '"data":"';

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
server.on('connection', (socket) => {
  socket.on('message', (message: Buffer) => {
    const from = message.indexOf(DATA) + DATA.length;
    const to = message.indexOf('"', from);
    // AudioMetadata has no data.
    if (from < DATA.length || to < 0) return;
    socket.send(`{"kind":"AudioData","audioData":{"data":"${message.toString('latin1', from, to)}"}}`);
  });
  socket.on('error', () => {});
});
server.once('listening', () => {
  const { port } = server.address() as AddressInfo;
  process.send?.({ type: 'listening', url: `ws://127.0.0.1:${port}/` });
});
process.once('disconnect', () => process.exit(0));
