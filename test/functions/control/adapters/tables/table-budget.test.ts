import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { createTableBudget } from '../../../../../functions/control/adapters/tables/table-budget.ts';
import type { HourlyBudget, Spent } from '../../../../../functions/control/call/hourly-budget.ts';
import { CallStoreError } from '../../../../../functions/control/call/stores.ts';
import { startTables } from '../../../../../local/emulators/storage/server.ts';
import { T0 } from '../../../../support/calls.ts';

let tables: Awaited<ReturnType<typeof startTables>>;

beforeAll(async () => {
  tables = await startTables({ port: 0 });
});
afterAll(() => tables.close());

function budget(name: string): HourlyBudget {
  return createTableBudget(
    name,
    { connectionString: tables.connectionString },
    { allowInsecureConnection: true },
  );
}

it('lets exactly as much be spent as there is, although two instances spend at once', async () => {
  const [one, other] = [budget('two'), budget('two')];
  const attempts = Array.from({ length: 12 }, (_, index) =>
    (index % 2 === 0 ? one : other).spend(7, T0 + index),
  );
  const spendings = await Promise.all(attempts);
  expect(spendings.filter(({ kind }) => kind === 'spent')).toHaveLength(7);
  expect(spendings.filter((each) => each.kind === 'refused' && each.retryAfterMs > 59 * 60_000)).toHaveLength(
    5,
  );
  expect(await one.spend(7, T0 + 61 * 60_000), 'an hour later').toMatchObject({ kind: 'spent' });
});

it('takes back each one that led to nothing once, although two instances give back and spend at once', async () => {
  const [one, other] = [budget('back'), budget('back')];
  const spend = async (by: HourlyBudget): Promise<Spent> => {
    const spending = await by.spend(6, T0);
    if (spending.kind === 'refused') throw new Error('there should be something left');
    return spending;
  };
  const spent = await Promise.all([one, other, one, other, one, other].map(spend));
  const [first, second, third] = spent as [Spent, Spent, Spent, ...Spent[]];
  await Promise.all([one, other, one].map((by) => by.giveBack(first)));
  await Promise.all([one.giveBack(second), other.giveBack(third)]);
  await other.giveBack(second);
  const again = await Promise.all(Array.from({ length: 5 }, () => one.spend(6, T0 + 1)));
  expect(again.filter(({ kind }) => kind === 'spent')).toHaveLength(3);
});

it('takes back once what storage has taken back without saying so', async () => {
  const { url, lost } = await losingAnswers();
  const connectionString = tables.connectionString.replace(
    /TableEndpoint=http:\/\/[^/;]+/,
    `TableEndpoint=${url}`,
  );
  const unsure = createTableBudget('lost', { connectionString }, { allowInsecureConnection: true });
  const spent = await budget('lost').spend(2, T0);
  await budget('lost').spend(2, T0);
  if (spent.kind === 'refused') throw new Error('there should be something left');
  await unsure.giveBack(spent);
  expect(lost(), 'answers that were lost').toBe(1);
  const again = [await budget('lost').spend(2, T0), await budget('lost').spend(2, T0)];
  expect(again.map(({ kind }) => kind)).toEqual(['spent', 'refused']);
});

it('counts what has different names apart', async () => {
  for (const name of ['a', 'b']) expect((await budget(name).spend(1, T0)).kind).toBe('spent');
  expect(await budget('a').spend(1, T0)).toMatchObject({ kind: 'refused' });
});

/** A way to the tables on which the answer to the first update is lost once the tables have made it. */
async function losingAnswers(): Promise<{ readonly url: string; readonly lost: () => number }> {
  let lost = 0;
  const endpoint = new URL(/TableEndpoint=([^;]+)/.exec(tables.connectionString)?.[1] ?? '');
  const server = createServer((incoming, response) => {
    const { method, url: path, headers } = incoming;
    const onward = request(
      { host: endpoint.hostname, port: endpoint.port, method, path, headers },
      (answer) => {
        if (method === 'PUT' && lost === 0) {
          lost += 1;
          answer.resume().on('end', () => response.destroy());
          return;
        }
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    incoming.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, lost: () => lost };
}

it('spends nothing where that cannot be counted', async () => {
  const connectionString =
    'DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;TableEndpoint=http://127.0.0.1:1/a;';
  const lost = createTableBudget('a', { connectionString }, { allowInsecureConnection: true, maxRetries: 0 });
  await expect(lost.spend(1, T0)).rejects.toThrow(CallStoreError);
  const spent = { kind: 'spent', id: 'one', minute: 1 } as const;
  await expect(lost.giveBack(spent)).rejects.toThrow(CallStoreError);
});
