import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { Endpoint } from '../../shared/wire/api/endpoint.ts';
import { ENDPOINTS } from '../../shared/wire/api/endpoints.ts';
import { sharedSystem } from '../support/shared-system.ts';
import { until } from '../support/until.ts';
import { type CurlCommand, curlCommandsOf } from './curl-commands.ts';
import { OpenApiJudge } from './openapi-judge.ts';
import { type CurlAnswer, runCurl } from './run-curl.ts';

const markdown = await readFile(new URL('../../docs/api.md', import.meta.url), 'utf8');
const commands = curlCommandsOf(markdown);

/** How long what a read tells may take to come true. */
const LIMIT_MS = 60_000;
const LOOK_EVERY_MS = 100;

it('docs/api.md lists every operation with its request, and no other', () => {
  const rows = [...markdown.matchAll(/^\| `(\w+)` \| `([A-Z]+) \/api\/([^`?]+)(\?[^`]*)?` \|$/gm)];
  expect(rows.map(([, id, method, path]) => [id, method, path]).sort()).toEqual(
    Object.entries<Endpoint>(ENDPOINTS)
      .map(([id, { method, path }]) => [id, method, path])
      .sort(),
  );
});

describe('the commands in docs/api.md', () => {
  const system = sharedSystem();
  const variables = new Map([
    ['API', `${system.system.urls.control}/api`],
    ['AUTH', `x-functions-key: ${system.system.keys.functions}`],
    ['JSON', 'content-type: application/json'],
  ]);
  const judge = new OpenApiJudge();
  /** How often the commands were begun: the control app remembers the keys of an attempt that failed. */
  let attempts = 0;

  it('do as they say, one after the other', { timeout: 120_000 }, async () => {
    attempts += 1;
    for (const command of commands) {
      await follow(command);
      if (methodOf(command.words) === 'PUT' && command.expected.status === 202)
        await workerIsOnTheCall('parrot');
    }
    const told = await timelineOf('CALL');
    const story = [
      'PlaceRequested',
      'CallConnected',
      'MediaStreamingStarted',
      'PlayCompleted',
      'AddParticipantSucceeded',
      'AddParticipantSucceeded',
      'CancelAddParticipantSucceeded',
      'RemoveParticipantSucceeded',
      'SendDtmfTonesCompleted',
      'PlayCanceled',
      'RecognizeCompleted',
      'WorkerAttachSent',
      'MessageSent',
      'WorkerDetachSent',
      'StopRequested',
      'MediaStreamingStopped',
      'StartRequested',
      'MediaStreamingStarted',
      'TranscriptionStarted',
      'TranscriptionStopped',
      'RecordingStateChanged',
      'HangUpRequested',
      'CallDisconnected',
    ];
    expect(inOrder(story, told), `the story is told in order by ${told.join(', ')}`).toEqual(story);
    // The answer of ACS may come after the first events of the call.
    expect(told).toContain('PlaceSucceeded');
    expect(
      told.filter((type) => type === 'OperationRequested').length,
      'each operation that was let through',
    ).toBe(19);
  });

  it('try every operation, with success and with failure', () => {
    const tried = new Map<string, number[]>();
    for (const { words, expected } of commands) {
      const id = judge.operationOf(methodOf(words), pathOf(words));
      tried.set(id, [...(tried.get(id) ?? []), expected.status]);
    }
    for (const id of Object.keys(ENDPOINTS)) {
      const statuses = tried.get(id) ?? [];
      if (id !== 'unmuteParticipant')
        expect(
          statuses.some((status) => status < 300),
          `${id} succeeds`,
        ).toBe(true);
      if (id !== 'getOpenApi')
        expect(
          statuses.some((status) => status >= 400),
          `${id} fails`,
        ).toBe(true);
    }
  });

  /** Runs a command; a read again and again until it answers what is expected. */
  async function follow(command: CurlCommand): Promise<void> {
    const { text, expected, words } = command;
    const isRead = methodOf(words) === 'GET' && expected.status === 200;
    let misses: string[] = [];
    const answer = await until(
      async () => {
        const got = await curl(command);
        judge.judge(methodOf(words), pathOf(words), got.status, got.contentType, got.body);
        misses = missesOf(command, got).map((miss) => `${miss}: ${got.status} ${got.body.slice(0, 3_000)}`);
        if (misses.length > 0 && !isRead) throw new Error(`${text}\n${misses.join('\n')}`);
        return misses.length === 0 ? got : undefined;
      },
      text,
      LIMIT_MS,
      LOOK_EVERY_MS,
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${misses.join('\n')}`);
    });
    for (const { name, path } of expected.kept) variables.set(name, String(memberOf(answer.body, path)));
  }

  function curl({ words }: CurlCommand): Promise<CurlAnswer> {
    const [, ...args] = words
      .map((word) =>
        word
          .map(({ text, isVariable }) => (isVariable ? (variables.get(text) ?? `$${text}`) : text))
          .join(''),
      )
      .map((arg) => arg.replace(/^Idempotency-Key: /, `$&${attempts}-`));
    return runCurl(args, 2 * LIMIT_MS);
  }

  function missesOf({ expected }: CurlCommand, { status, body }: CurlAnswer): string[] {
    const misses = status === expected.status ? [] : [`the status is not ${expected.status}`];
    for (const { path, value } of expected.members) {
      const wanted = value.startsWith('$') ? variables.get(value.slice(1)) : value;
      const found = memberOf(body, path);
      if (String(found) !== wanted) misses.push(`${path.join('.')} is ${found}, not ${wanted}`);
    }
    let from = 0;
    for (const wanted of expected.texts) {
      from = body.indexOf(wanted, from);
      if (from < 0) {
        misses.push(`there is no ${wanted}, or it comes too early`);
        break;
      }
    }
    return misses;
  }

  /** The relay has acted on what it was told. */
  async function workerIsOnTheCall(worker: string): Promise<void> {
    const { callConnectionId } = (await system.control.call(variables.get('CALL') ?? '')) ?? {};
    await until(
      async () => {
        const counts = await system.control.relayCounts(callConnectionId ?? '');
        return counts?.workers.some(({ name }) => name === worker);
      },
      `${worker} to be on the call`,
      LIMIT_MS,
      LOOK_EVERY_MS,
    );
  }

  async function timelineOf(name: string): Promise<string[]> {
    const response = await system.control.request('GET', `/calls/${variables.get(name)}/timeline`);
    const { entries } = (await response.json()) as { entries: { type: string }[] };
    return entries.map(({ type }) => type);
  }
});

function methodOf(words: CurlCommand['words']): string {
  const at = words.findIndex((word) => word[0]?.text === '-X');
  return at < 0 ? 'GET' : (words[at + 1]?.[0]?.text ?? '');
}

/** The path below the API, variables as they are named. */
function pathOf(words: CurlCommand['words']): string {
  const url = words.find((word) => word[0]?.isVariable === true && word[0].text === 'API');
  return (url ?? [])
    .slice(1)
    .map(({ text }) => text)
    .join('')
    .replace(/\?.*$/, '');
}

/** A member of a JSON text; `last` is the last one of an array. */
function memberOf(body: string, path: readonly string[]): unknown {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined;
  }
  for (const name of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Array.isArray(value) && name === 'last' ? value.at(-1) : (value as Record<string, unknown>)[name];
  }
  return value;
}

/** Of what is wanted, the part that is found in this order. */
function inOrder(wanted: readonly string[], found: readonly string[]): string[] {
  let at = 0;
  const seen: string[] = [];
  for (const each of wanted) {
    const next = found.indexOf(each, at);
    if (next < 0) break;
    seen.push(each);
    at = next + 1;
  }
  return seen;
}
