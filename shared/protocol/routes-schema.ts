/** The setting `CALL_ROUTES`: a JSON array of routes with defaults for what they leave out. */
import * as z from 'zod';
import { AUDIO_FORMAT_NAMES } from '../core/audio-format.ts';
import { CHUNK_MS } from '../core/plan.ts';
import type { CallRoute } from '../core/routes.ts';
import { listenOptionsSchema } from './listen-schema.ts';
import { workerPlanSchema } from './plan-schema.ts';

export class RoutesError extends Error {
  override readonly name = 'RoutesError';
  /** One sentence for each problem, with the index and the member that it is about. */
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`CALL_ROUTES is not valid:\n${problems.map((problem) => `- ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

const MAX_ROUTES = 200;

const pattern = z
  .string()
  .regex(/^[^*\s]{1,255}\*?$|^\*$/, 'must be a number or raw id, exact or its beginning followed by one *');

const worker = workerPlanSchema.extend({
  listen: listenOptionsSchema.default({ mode: 'chunk', ms: CHUNK_MS.default }),
});

const route = z.strictObject({
  name: z
    .string()
    .regex(
      /^[\p{L}\p{N}][\p{L}\p{N}\p{P} ]{0,62}$/u,
      'must be 1 to 63 letters, digits, spaces or punctuation marks, and begin with a letter or digit',
    ),
  match: z.strictObject({ from: pattern.exactOptional(), to: pattern.exactOptional() }).default({}),
  action: z.enum(['answer', 'reject']).default('answer'),
  format: z.enum(AUDIO_FORMAT_NAMES).default('pcm16KMono'),
  channels: z.enum(['mixed', 'unmixed']).default('mixed'),
  startStreaming: z.boolean().default(true),
  dtmf: z.boolean().default(false),
  workers: z.array(worker).max(16).default([]),
});

const routes = z.array(route).min(1, 'must name at least one route').max(MAX_ROUTES);

/**
 * Reads the routes in their order, which is that of precedence.
 * @throws RoutesError with every problem at once.
 */
export function parseRoutes(value: unknown): readonly CallRoute[] {
  const parsed = routes.safeParse(value);
  const problems = [
    ...(parsed.error?.issues ?? []).flatMap(describeIssue),
    ...(Array.isArray(value) ? crossChecks(value) : []),
  ];
  if (!parsed.success || problems.length > 0) throw new RoutesError(problems);
  return parsed.data.map(({ name, match, action, ...plan }) => ({ name, match, action, plan }));
}

function describeIssue(issue: z.core.$ZodIssue): string[] {
  const where = `routes${pathText(issue.path)}`;
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => `${where}.${key} is not a member that is known there`);
  return [`${where}: ${issue.message}`];
}

function pathText(path: readonly PropertyKey[]): string {
  return path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
}

/** What no single member can tell; looked at in the raw value, so that it is reported together with all the rest. */
function crossChecks(list: readonly unknown[]): string[] {
  const problems = repeated(list).map(
    ({ index, name }) => `routes[${index}].name: ${JSON.stringify(name)} is the name of an earlier route`,
  );
  list.forEach((entry, index) => {
    if (typeof entry !== 'object' || entry === null) return;
    const { workers, dtmf } = entry as { workers?: unknown; dtmf?: unknown };
    if (!Array.isArray(workers)) return;
    if (dtmf !== true) problems.push(...waitingForKeys(workers).map((at) => keysAreOff(index, at)));
    for (const twice of repeated(workers)) {
      problems.push(
        `routes[${index}].workers[${twice.index}].name: ${JSON.stringify(twice.name)} is on this route already`,
      );
    }
  });
  return problems;
}

/** The workers, by their index, that only a key can interrupt. */
function waitingForKeys(workers: readonly unknown[]): number[] {
  return workers.flatMap((worker, at) => {
    const { bargeIn } = (worker ?? {}) as { bargeIn?: { policy?: unknown } | null };
    return bargeIn?.policy === 'dtmf' ? [at] : [];
  });
}

function keysAreOff(index: number, at: number): string {
  return `routes[${index}].workers[${at}].bargeIn: the policy "dtmf" needs "dtmf": true on the route`;
}

function repeated(list: readonly unknown[]): { index: number; name: string }[] {
  const seen = new Set<string>();
  const found: { index: number; name: string }[] = [];
  list.forEach((entry, index) => {
    const name = typeof entry === 'object' && entry !== null ? (entry as { name?: unknown }).name : undefined;
    if (typeof name !== 'string') return;
    if (seen.has(name)) found.push({ index, name });
    seen.add(name);
  });
  return found;
}
