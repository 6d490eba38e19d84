import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  odata,
  TableClient,
  TableServiceClient,
  type TableServiceClientOptions,
  type TransactionAction,
} from '@azure/data-tables';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../../../local/emulators/common/free-port.ts';
import {
  type RunningTables,
  startTables,
  tablesWithKey,
} from '../../../../local/emulators/storage/server.ts';

type PipelinePolicy = NonNullable<TableServiceClientOptions['additionalPolicies']>[number]['policy'];

let tables: RunningTables;
let count = 0;

beforeAll(async () => {
  tables = await startTables({ port: 0 });
});

afterAll(() => tables?.close());

const clientFor = (table: string, at: RunningTables = tables): TableClient =>
  TableClient.fromConnectionString(at.connectionString, table, { allowInsecureConnection: true });

async function newTable(): Promise<TableClient> {
  count += 1;
  const client = clientFor(`table${count}`);
  await client.createTable();
  return client;
}

interface Call {
  readonly state: string;
  readonly turn: number;
  readonly at?: Date;
}

/** So that each byte comes by itself. */
async function* byteByByte(bytes: Buffer): AsyncGenerator<Buffer> {
  for (const byte of bytes) {
    yield Buffer.of(byte);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const entity = (rowKey: string, own: object = {}) => ({
  partitionKey: 'calls',
  rowKey,
  state: 'ringing',
  turn: 0,
  ...own,
});

describe('entities', () => {
  it('come back as they were written, with their types', async () => {
    const client = await newTable();
    const at = new Date('2026-01-02T03:04:05.678Z');
    await client.createEntity(
      entity('one', { at, ratio: 0.5, ok: true, bytes: Buffer.from([1, 2, 3]), big: 2n ** 40n }),
    );
    const read = await client.getEntity<
      Call & { ratio: number; ok: boolean; bytes: Uint8Array; big: bigint }
    >('calls', 'one');
    expect(read).toMatchObject({ state: 'ringing', turn: 0, ratio: 0.5, ok: true, big: 2n ** 40n });
    expect(new Date(read.at ?? 0)).toEqual(at);
    expect([...read.bytes]).toEqual([1, 2, 3]);
    expect(read.etag).toMatch(/^W\/"/);
  });

  it('come back as they were written, wherever the network cuts their text', async () => {
    const client = await newTable();
    client.pipeline.addPolicy({
      name: 'cuttingEveryByte',
      sendRequest: (request, next) => {
        const bytes = Buffer.from(String(request.body ?? ''));
        if (bytes.length > 0) request.body = () => Readable.from(byteByByte(bytes));
        return next(request);
      },
    });
    await client.createEntity(entity('one', { name: 'Zoë …0123 😀' }));
    expect(await client.getEntity('calls', 'one')).toMatchObject({ name: 'Zoë …0123 😀' });
    await client.submitTransaction([['create', entity('two', { name: '…' })]]);
    expect(await client.getEntity('calls', 'two')).toMatchObject({ name: '…' });
  });

  it('cannot be created twice: 409', async () => {
    const client = await newTable();
    await client.createEntity(entity('one'));
    await expect(client.createEntity(entity('one'))).rejects.toMatchObject({
      statusCode: 409,
      details: { odataError: { code: 'EntityAlreadyExists' } },
    });
  });

  it('that are not there are not found: 404', async () => {
    const client = await newTable();
    await expect(client.getEntity('calls', 'none')).rejects.toMatchObject({
      statusCode: 404,
      details: { odataError: { code: 'ResourceNotFound' } },
    });
  });

  it('are updated only by who has seen the newest version: 412', async () => {
    const client = await newTable();
    await client.createEntity(entity('one'));
    const seen = await client.getEntity<Call>('calls', 'one');
    const { etag: newer } = await client.updateEntity(entity('one', { turn: 1 }), 'Replace', {
      etag: seen.etag,
    });
    await expect(
      client.updateEntity(entity('one', { turn: 2 }), 'Replace', { etag: seen.etag }),
    ).rejects.toMatchObject({
      statusCode: 412,
      details: { odataError: { code: 'UpdateConditionNotSatisfied' } },
    });
    expect((await client.getEntity<Call>('calls', 'one')).turn, 'the refused write left nothing').toBe(1);
    await client.updateEntity(entity('one', { turn: 3 }), 'Replace', { etag: newer ?? '' });
    expect((await client.getEntity<Call>('calls', 'one')).turn).toBe(3);
  });

  it('are deleted only by who has seen the newest version: 412', async () => {
    const client = await newTable();
    await client.createEntity(entity('one'));
    const seen = await client.getEntity('calls', 'one');
    await client.updateEntity(entity('one', { turn: 1 }), 'Merge');
    await expect(client.deleteEntity('calls', 'one', { etag: seen.etag })).rejects.toMatchObject({
      statusCode: 412,
    });
    await client.deleteEntity('calls', 'one');
    await expect(client.getEntity('calls', 'one')).rejects.toMatchObject({ statusCode: 404 });
  });

  it('of several writers at the same time are won by exactly one', async () => {
    const client = await newTable();
    await client.createEntity(entity('one'));
    const { etag } = await client.getEntity('calls', 'one');
    const writes = await Promise.allSettled(
      Array.from({ length: 8 }, (_, turn) =>
        client.updateEntity(entity('one', { turn }), 'Replace', { etag }),
      ),
    );
    expect(writes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('keep what a merge does not name, and lose it in a replacement', async () => {
    const client = await newTable();
    await client.createEntity(entity('one', { extra: 'kept' }));
    await client.updateEntity({ partitionKey: 'calls', rowKey: 'one', turn: 1 }, 'Merge');
    expect(await client.getEntity('calls', 'one')).toMatchObject({ extra: 'kept', turn: 1 });
    await client.upsertEntity({ partitionKey: 'calls', rowKey: 'one', turn: 2 }, 'Replace');
    expect(await client.getEntity('calls', 'one')).not.toHaveProperty('extra');
  });

  it('are found by a filter, in the order of their keys, page by page', async () => {
    const client = await newTable();
    for (let turn = 9; turn >= 0; turn -= 1) await client.createEntity(entity(`row${turn}`, { turn }));
    const found: string[] = [];
    const filter = odata`PartitionKey eq ${'calls'} and turn ge ${3}`;
    for await (const page of client
      .listEntities<Call>({ queryOptions: { filter } })
      .byPage({ maxPageSize: 4 })) {
      expect(page.length).toBeLessThanOrEqual(4);
      found.push(...page.map(({ rowKey }) => rowKey ?? ''));
    }
    expect(found).toEqual(['row3', 'row4', 'row5', 'row6', 'row7', 'row8', 'row9']);
  });
});

describe('transactions', () => {
  it('write all of their entities', async () => {
    const client = await newTable();
    await client.submitTransaction([
      ['create', entity('one')],
      ['create', entity('two')],
    ]);
    expect(await client.getEntity('calls', 'two')).toMatchObject({ state: 'ringing' });
  });

  it('write none of them when one is refused, and say which', async () => {
    const client = await newTable();
    await client.createEntity(entity('taken'));
    const actions: TransactionAction[] = [
      ['create', entity('new')],
      ['create', entity('taken')],
    ];
    await expect(client.submitTransaction(actions)).rejects.toMatchObject({ statusCode: 409 });
    await expect(client.getEntity('calls', 'new')).rejects.toMatchObject({ statusCode: 404 });
  });

  it('are refused when a version has changed: 412', async () => {
    const client = await newTable();
    await client.createEntity(entity('one'));
    const { etag } = await client.getEntity('calls', 'one');
    await client.updateEntity(entity('one', { turn: 1 }), 'Replace');
    await expect(
      client.submitTransaction([
        ['create', entity('new')],
        ['update', entity('one', { turn: 2 }), 'Replace', { etag }],
      ]),
    ).rejects.toMatchObject({ statusCode: 412 });
    await expect(client.getEntity('calls', 'new')).rejects.toMatchObject({ statusCode: 404 });
  });
});

describe('the service', () => {
  it('creates a table once, lists it and deletes it', async () => {
    const service = TableServiceClient.fromConnectionString(tables.connectionString, {
      allowInsecureConnection: true,
    });
    await service.createTable('listed');
    await expect(
      clientFor('listed').createTable(),
      'the client takes 409 for success',
    ).resolves.toBeUndefined();
    const names: string[] = [];
    for await (const { name } of service.listTables()) names.push(name ?? '');
    expect(names).toContain('listed');
    await service.deleteTable('listed');
    await expect(clientFor('listed').getEntity('a', 'b')).rejects.toMatchObject({ statusCode: 404 });
  });

  it('keeps idle connections for minutes, so that clients close them and no request meets a closing one', async () => {
    expect((await fetch(tables.url)).headers.get('keep-alive')).toBe('timeout=120');
  });

  it('refuses a wrong account key: 403', async () => {
    const connectionString = tables.connectionString.replace('AccountKey=Eby8', 'AccountKey=AAAA');
    const client = TableClient.fromConnectionString(connectionString, 'any', {
      allowInsecureConnection: true,
    });
    await expect(client.getEntity('a', 'b')).rejects.toMatchObject({ statusCode: 403 });
  });
});

describe('the process', () => {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });
  const newFolder = (): string => {
    const folder = mkdtempSync(join(tmpdir(), 'tables-'));
    folders.push(folder);
    return folder;
  };

  it('keeps tables in a folder when it is given one', async () => {
    const location = join(newFolder(), 'made', 'on', 'demand');
    const first = await startTables({ port: 0, location });
    await clientFor('kept', first).createTable();
    await clientFor('kept', first).createEntity(entity('one'));
    await first.close();
    const second = await startTables({ port: 0, location });
    expect(await clientFor('kept', second).getEntity('calls', 'one')).toMatchObject({ state: 'ringing' });
    await second.close();
  });

  it.each([
    ['another host', { host: 'evil.example:10002' }],
    ['a host that only begins like one', { host: '127.0.0.1.evil.example' }],
    ['an origin', { origin: 'https://evil.example' }],
    ['the origin of a file', { origin: 'null' }],
  ])('refuses a page in a browser, which knows the published key: %s', async (_, headers) => {
    const policy: PipelinePolicy = {
      name: 'asAPage',
      sendRequest: (request, next) => {
        for (const [name, value] of Object.entries(headers)) request.headers.set(name, value);
        return next(request);
      },
    };
    const page = TableClient.fromConnectionString(tables.connectionString, 'ofAPage', {
      allowInsecureConnection: true,
      additionalPolicies: [{ policy, position: 'perRetry' }],
    });
    await expect(page.createTable()).rejects.toMatchObject({ statusCode: 403 });
  });

  it('closes once, and refuses connections afterwards', async () => {
    const started = await startTables({ port: await freePort() });
    const closing = started.close();
    expect(started.close()).toBe(closing);
    await closing;
    await expect(fetch(started.url)).rejects.toThrow();
  });

  it('says which port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    await expect(startTables({ port })).rejects.toMatchObject({ code: 'EADDRINUSE', port });
    taken.close();
  });

  it('refuses accounts that Azurite would not read, instead of serving the published one', async () => {
    for (const accounts of ['mine', 'mine:', 'mine:a2V5:a2V5', 'mine:a2V5;other:a2V5', 'mine:no base64']) {
      process.env['AZURITE_ACCOUNTS'] = accounts;
      await expect(startTables({ port: 0 })).rejects.toThrow('AZURITE_ACCOUNTS must be one account');
      delete process.env['AZURITE_ACCOUNTS'];
    }
  });

  it('with a key of its own, serves who has it and refuses the published one', async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const { env, connectionString } = tablesWithKey(url, randomBytes(64).toString('base64'));
    const main = join(import.meta.dirname, '../../../../local/emulators/storage/main.ts');
    const child = fork(main, ['--port', String(port)], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      execArgv: [],
    });
    await once(child, 'message');
    await clientFor('kept', { ...tables, connectionString }).createTable();
    const published = tables.connectionString.replace(tables.url, url);
    const stranger = clientFor('strange', { ...tables, connectionString: published });
    await expect(stranger.createTable()).rejects.toMatchObject({ statusCode: 403 });
    const exited = once(child, 'exit');
    child.kill();
    await exited;
  });

  it('starts from the command line, leaves no file behind, and stops when told to', async () => {
    const folder = newFolder();
    const main = join(import.meta.dirname, '../../../../local/emulators/storage/main.ts');
    const child = fork(main, ['--port', '0'], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      execArgv: [],
    });
    const [ready] = (await once(child, 'message')) as [{ url: string }];
    const at = {
      ...tables,
      url: ready.url,
      connectionString: tables.connectionString.replace(tables.url, ready.url),
    };
    await clientFor('quick', at).createTable();
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(existsSync(join(folder, '__azurite_db_table__.json'))).toBe(false);
  });
});
