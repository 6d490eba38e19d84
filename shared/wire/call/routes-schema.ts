/** Routes as people write them: a JSON array, with defaults for members that are left out. */
import * as z from 'zod';
import { AUDIO_FORMAT_NAMES } from '../../audio/audio-format.ts';
import { CHUNK_MS, MAX_WORKERS } from '../../call/plan.ts';
import { type CallRoute, REJECT_REASONS } from '../../call/route.ts';
import { isTimeZone, type TimeWindow, WEEKDAYS } from '../../call/time-window.ts';
import { listenOptionsSchema } from './listen-schema.ts';
import { partySchema } from './party-schema.ts';
import { addressSchema } from './passed-on-schema.ts';
import { workerPlanSchema } from './plan-schema.ts';
import { localeSchema, playSourceSchema } from './play-source-schema.ts';

export class RoutesError extends Error {
  override readonly name = 'RoutesError';
  /** One sentence for each problem, with the index and the member that it is about. */
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`The routes are not valid:\n${problems.map((problem) => `- ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

const MAX_ROUTES = 200;

const pattern = z
  .string()
  .regex(/^[^*\s]{1,255}\*?$|^\*$/, 'must be a number or raw id, exact or its beginning followed by one *');

const headerPattern = z
  .string()
  .regex(/^[^*]{1,255}\*?$|^\*$/, 'must be a value, exact or its beginning followed by one *');

const headers = z.record(
  z.string().regex(/^[\w!#$%&'+.^`|~-]{1,128}$/, 'must be the name of a header'),
  headerPattern,
);

const timeOfDay = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, 'must be a time such as 09:30, from 00:00 to 24:00')
  .transform((text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3)));

const time: z.ZodType<TimeWindow> = z.strictObject({
  timeZone: z.string().refine(isTimeZone, 'must be a time zone such as Europe/Berlin or UTC'),
  days: z.array(z.enum(WEEKDAYS)).min(1, 'must name at least one day').exactOptional(),
  from: timeOfDay.exactOptional(),
  to: timeOfDay.exactOptional(),
});

const match = z.strictObject({
  direction: z.enum(['inbound', 'outbound']).exactOptional(),
  from: pattern.exactOptional(),
  to: pattern.exactOptional(),
  sipHeaders: headers.exactOptional(),
  voipHeaders: headers.exactOptional(),
  time: time.exactOptional(),
  percentage: z.number().min(0).max(100).exactOptional(),
});

const worker = workerPlanSchema.extend({
  listen: listenOptionsSchema.default({ mode: 'chunk', ms: CHUNK_MS.default }),
});

/** Bounds of the times and numbers of a route. */
const MAX_MINUTES = 24 * 60;
const IDLE_SECONDS = { min: 5, max: 3_600 } as const;
const MAX_CAPACITY = 10_000;

const onStreamingFailed = z.union(
  [z.enum(['leave', 'hang-up']), z.strictObject({ play: playSourceSchema })],
  'must be "leave", "hang-up" or an object with "play"',
);

const transcription = z.strictObject({
  url: addressSchema('wss'),
  locale: localeSchema,
});

const route = z.strictObject({
  name: z
    .string()
    .regex(
      /^[\p{L}\p{N}][\p{L}\p{N}\p{P} ]{0,62}$/u,
      'must be 1 to 63 letters, digits, spaces or punctuation marks, and begin with a letter or digit',
    ),
  match: match.default({}),
  action: z.enum(['answer', 'reject', 'redirect', 'ring']).default('answer'),
  rejectReason: z.enum(REJECT_REASONS).exactOptional(),
  redirectTo: partySchema.exactOptional(),
  maxMinutes: z.number().positive().max(MAX_MINUTES).exactOptional(),
  idleSeconds: z.int().min(IDLE_SECONDS.min).max(IDLE_SECONDS.max).exactOptional(),
  capacity: z.int().min(1).max(MAX_CAPACITY).exactOptional(),
  onStreamingFailed: onStreamingFailed.exactOptional(),
  transcription: transcription.exactOptional(),
  format: z.enum(AUDIO_FORMAT_NAMES).default('pcm16KMono'),
  channels: z.enum(['mixed', 'unmixed']).default('mixed'),
  startStreaming: z.boolean().default(true),
  dtmf: z.boolean().default(false),
  workers: z.array(worker).max(MAX_WORKERS).default([]),
  storeTranscripts: z.boolean().default(false),
});

const routes = z.array(route).min(1, 'must name at least one route').max(MAX_ROUTES);

/**
 * Reads the routes in their order, which is the order of precedence.
 * @throws RoutesError listing every problem
 */
export function parseRoutes(value: unknown): readonly CallRoute[] {
  const parsed = routes.safeParse(value);
  const problems = [
    ...(parsed.error?.issues ?? []).flatMap(describeIssue),
    ...(Array.isArray(value) ? crossChecks(value) : []),
  ];
  if (!parsed.success || problems.length > 0) throw new RoutesError(problems);
  return parsed.data.map(routeOf);
}

function routeOf(route: z.infer<typeof routes>[number]): CallRoute {
  const { format, channels, startStreaming, dtmf, workers, storeTranscripts, ...others } = route;
  const { idleSeconds, maxMinutes, transcription, ...rest } = others;
  return {
    ...rest,
    ...(maxMinutes === undefined ? {} : { maxCallMs: Math.round(maxMinutes * 60_000) }),
    ...(transcription === undefined
      ? {}
      : { transcription: { transportUrl: transcription.url, locale: transcription.locale } }),
    plan: {
      format,
      channels,
      startStreaming,
      dtmf,
      workers,
      ...(idleSeconds === undefined ? {} : { idleMs: idleSeconds * 1_000 }),
      ...(storeTranscripts ? { storeTranscripts } : {}),
    },
  };
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

/**
 * Checks that involve several members. They read the raw value, so that their problems are reported together with all
 * others.
 */
function crossChecks(list: readonly unknown[]): string[] {
  const problems = repeated(list).map(
    ({ index, name }) => `routes[${index}].name: ${JSON.stringify(name)} is the name of an earlier route`,
  );
  list.forEach((entry, index) => {
    if (typeof entry !== 'object' || entry === null) return;
    const { workers, dtmf } = entry as { workers?: unknown; dtmf?: unknown };
    problems.push(...actionProblems(index, entry));
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

/** Members that belong to one action only. */
function actionProblems(index: number, entry: object): string[] {
  const { action = 'answer', match } = entry as { action?: unknown; match?: { direction?: unknown } | null };
  const problems: string[] = [];
  if ('redirectTo' in entry && action !== 'redirect')
    problems.push(`routes[${index}].redirectTo: belongs to the action "redirect"`);
  if (action === 'redirect' && !('redirectTo' in entry))
    problems.push(`routes[${index}].redirectTo: is missing; a route that redirects says where to`);
  if ('rejectReason' in entry && action !== 'reject')
    problems.push(`routes[${index}].rejectReason: belongs to the action "reject"`);
  const isOutbound = match?.direction === 'outbound';
  if (isOutbound && (action === 'redirect' || action === 'ring'))
    problems.push(
      `routes[${index}].action: an outbound call can be answered (placed) or rejected, not "${action}"`,
    );
  return problems;
}

/** The workers, by index, that only a key can interrupt. */
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
