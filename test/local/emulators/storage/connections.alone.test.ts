/**
 * In a process of its own, since other tests leave connections behind that would be taken for those of table storage.
 */
import { Socket } from 'node:net';
import { TableClient } from '@azure/data-tables';
import { expect, it } from 'vitest';
import { startTables } from '../../../../local/emulators/storage/server.ts';

it('connects to nothing outside this machine', async () => {
  const targets: string[] = [];
  const { connect } = Socket.prototype;
  Socket.prototype.connect = function (this: Socket, ...args: unknown[]) {
    const [first] = args as [unknown];
    const options = (Array.isArray(first) ? first[0] : first) as { host?: string };
    targets.push(String(options?.host));
    return Reflect.apply(connect, this, args);
  } as typeof connect;
  const tables = await startTables({ port: 0 });
  const client = TableClient.fromConnectionString(tables.connectionString, 'watched', {
    allowInsecureConnection: true,
  });
  await client.createTable();
  await client.createEntity({ partitionKey: 'calls', rowKey: 'one' });
  await tables.close();
  expect(targets.length, "the test's own client is seen").toBeGreaterThan(0);
  expect(targets.filter((host) => host !== '127.0.0.1')).toEqual([]);
});
