/** The form of a scenario file: who calls whom, what each does, and what should happen. Times are milliseconds. */
import * as z from 'zod';
import { didYouMean } from '../../../shared/base/did-you-mean.ts';
import { eventChanges } from '../../emulators/acs/control/place-call-request.ts';
import { CALLBACK_EVENT_TYPES } from '../../emulators/acs/events/callback-event.ts';
import { IDENTIFIER_RULE, identifierOf } from '../../emulators/acs/telephones/identifiers.ts';

const LONGEST_MS = 60 * 60_000;
const MAX_PARTICIPANTS = 50;
const MAX_STEPS = 200;
const MAX_REQUESTS = 50;

const ms = z.int().min(0).max(LONGEST_MS);
const mustBeParty = ({ input }: { input?: unknown }): string =>
  typeof input === 'number'
    ? `must be in quotes: "+${input}" (without them it is a number)`
    : `must be ${IDENTIFIER_RULE}; it is ${JSON.stringify(input)}`;
const party = z
  .string({ error: mustBeParty })
  .refine((text) => identifierOf(text) !== undefined, { error: mustBeParty });

/** A file (a WAV, found from the scenario's folder) or a text; a plain string is a file when it ends with `.wav`. */
const speech = z.union(
  [
    z.string().min(1),
    z.strictObject({ file: z.string(), words: z.string().optional() }),
    z.strictObject({ text: z.string().min(1) }),
  ],
  'must be a WAV file, a text, {file, words} or {text}',
);

const wait = z.union(
  [
    ms,
    z.strictObject({
      until: z.strictObject({ heard: z.union([z.enum(['speech', 'silence']), ms]), for: ms.optional() }),
      within: ms.optional(),
    }),
  ],
  'must be milliseconds, or {until: {heard: speech, silence or milliseconds}}',
);

const interrupt = z.union(
  [z.string().min(1), z.strictObject({ say: speech, after: ms.optional(), within: ms.optional() })],
  'must be a WAV file, a text, or {say, after, within}',
);

const expectation = z.strictObject({
  hear: z.union(
    [
      z.enum(['speech', 'silence']),
      z.strictObject({ tone: z.number().min(50).max(8_000) }),
      z.strictObject({ file: z.string() }),
    ],
    'must be speech, silence, {tone: Hz} or {file}',
  ),
  for: ms.optional(),
  within: ms,
});

const members = {
  say: speech.optional(),
  startSaying: speech.optional(),
  wait: wait.optional(),
  press: z
    .string()
    .regex(/^[0-9A-D*#]{1,18}$/, 'must be 1 to 18 keys of 0-9, A-D, * and #, in quotes')
    .optional(),
  interrupt: interrupt.optional(),
  expect: expectation.optional(),
  hangUp: z.null().optional(),
};

const step = z
  .strictObject(members, {
    error: (issue) =>
      issue.code === 'invalid_type' ? `must be one of ${Object.keys(members).join(', ')}` : undefined,
  })
  .refine((each) => Object.keys(each).length === 1, `must do one thing: ${Object.keys(members).join(', ')}`);

/** `hangUp` alone may be written without a colon. */
const steps = z
  .array(z.preprocess((each) => (each === 'hangUp' ? { hangUp: null } : each), step))
  .max(MAX_STEPS)
  .default([]);

/** One request to the HTTP API, at a path below that of the call, such as `recording/start`. */
const request = z.strictObject({
  post: z
    .string()
    .regex(/^[\w%:+-]+(\/[\w%:+-]+)*$/, 'must be a path below that of the call, such as hang-up'),
  body: z.looseObject({}).optional(),
});

/** Events of the telephone network: an event that never comes is easily expected never to come. */
const EVENTS: readonly string[] = ['IncomingCall', ...CALLBACK_EVENT_TYPES];

const eventName = z.string().refine((name) => EVENTS.includes(name), {
  error: ({ input }) => {
    const name = String(input);
    return `"${name}" is no event of the telephone network${didYouMean(name, EVENTS)}`;
  },
});

/** What is expected of one call, beside what its steps expect. Events are those that the telephone network sends. */
const callExpectation = z.strictObject({
  outcome: z
    .enum([
      'hungUpByCaller',
      'hungUpByApplication',
      'rejected',
      'notAnswered',
      'abandonedByCaller',
      'redirected',
      'transferred',
      'moved',
    ])
    .optional(),
  /** These, in this order; others may come between. */
  events: z.array(eventName).optional(),
  /** None of these. */
  never: z.array(eventName).optional(),
  /** Exactly so many of each. */
  times: z.record(eventName, z.int().min(0)).optional(),
  /** Exactly these final results of transcription, in this order. */
  transcript: z.array(z.string()).optional(),
  /** Exactly these texts, which workers of the call have published, in this order. */
  published: z.array(z.string()).optional(),
  /** How often the telephone of somebody whom the application calls has rung. */
  rings: z.int().min(0).optional(),
});

const target = z.union(
  [party, z.strictObject({ worker: z.string(), format: z.enum(['16k', '24k']).default('16k') })],
  { error: (issue) => `${mustBeParty(issue)}; or {worker: name}` },
);

const participant = z
  .strictObject({
    /** The telephone number or raw id of this participant. */
    number: party,
    /** Whom this participant calls. */
    calls: target.optional(),
    /** The participant whose call this one joins. */
    joins: z.string().optional(),
    /** How this participant takes a call of the application. */
    takes: z.enum(['answers', 'busy', 'declines', 'noAnswer', 'voicemail']).optional(),
    /** What a voicemail says before its tone. */
    greeting: speech.optional(),
    /** Before calling (from the beginning), joining (from the answer), or taking the call (from its ringing). */
    afterMs: ms.default(0),
    /** Hangs up when nobody has answered by then. */
    givesUpAfterMs: ms.optional(),
    maxMs: z.int().min(1).max(LONGEST_MS).default(60_000),
    deliveries: z.int().min(1).max(10).default(1),
    event: eventChanges.optional(),
    /** What a program asks of the HTTP API about the call of this participant, one after the other. */
    requests: z.array(request).max(MAX_REQUESTS).optional(),
    steps,
    expect: callExpectation.default({}),
  })
  .refine(
    ({ calls, joins, takes }) => [calls, joins, takes].filter((each) => each !== undefined).length === 1,
    'must have one of calls, joins and takes',
  );

export const scenarioSchema = z.strictObject({
  name: z.string().min(1),
  /** Where the ids and the chance of faults come from, in a system that is started for the scenario. */
  seed: z.union([z.string(), z.int()]).optional(),
  /** Routes before those of the directory, as in `CALL_ROUTES`, for a system that the scenario starts. */
  routes: z.array(z.looseObject({})).optional(),
  /** A fault plan of the ACS emulator. */
  faults: z.looseObject({}).optional(),
  participants: z.record(z.string(), participant).refine((all) => {
    const count = Object.keys(all).length;
    return count >= 1 && count <= MAX_PARTICIPANTS;
  }, `must be 1 to ${MAX_PARTICIPANTS} participants`),
});

export type ScenarioFile = z.output<typeof scenarioSchema>;
export type ParticipantFile = ScenarioFile['participants'][string];
export type RequestFile = z.output<typeof request>;
export type StepFile = ParticipantFile['steps'][number];
export type SpeechFile = z.output<typeof speech>;
export type CallExpectation = z.output<typeof callExpectation>;

/** The names of all members of the schema, to guess what an unknown one was meant to be. */
export const MEMBER_NAMES: readonly string[] = memberNames(
  z.toJSONSchema(scenarioSchema, { unrepresentable: 'any', io: 'input' }),
);

function memberNames(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([name, value]) => [
    ...(name === 'properties' ? Object.keys(value as object) : []),
    ...memberNames(value),
  ]);
}
