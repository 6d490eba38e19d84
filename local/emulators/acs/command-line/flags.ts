import { type AcsBehaviour, DEFAULT_BEHAVIOUR } from '../call/behaviour.ts';
import { type AcsFaultRule, parseAcsFaultRule } from '../faults/fault-plan.ts';

type NamesOf<Type> = {
  [Name in keyof AcsBehaviour]: AcsBehaviour[Name] extends Type ? Name : never;
}[keyof AcsBehaviour];

/** What the settings that are words can be. */
const CHOICES: { readonly [Name in NamesOf<string>]: readonly AcsBehaviour[Name][] } = {
  callingEvents: ['documented', 'all'],
  callbackContentType: ['application/json', 'application/cloudevents-batch+json'],
  playFilesFrom: ['loopback', 'anywhere'],
};

const WHOLE = /^\d+$/;

/**
 * Settings of the behaviour on the command line: `reconnects=2`, `stoppedEventOnHangUp=true`,
 * `callbackRetryDelaysMs=500,1500`.
 * @throws RangeError that names the setting and what it takes
 */
export function parseBehaviourFlags(flags: readonly string[]): Partial<AcsBehaviour> {
  return Object.fromEntries(
    flags.map((flag) => {
      const [name = '', value = ''] = flag.split('=', 2);
      const given = Object.entries(DEFAULT_BEHAVIOUR).find(([known]) => known === name);
      if (given === undefined)
        throw new RangeError(
          `--behaviour knows no "${name}"; it takes ${Object.keys(DEFAULT_BEHAVIOUR).join(', ')}`,
        );
      return [name, read(name, value, given[1])];
    }),
  );
}

function read(name: string, value: string, example: unknown): unknown {
  const refused = (wanted: string): RangeError =>
    new RangeError(`--behaviour ${name} must be ${wanted}, not "${value}"`);
  switch (typeof example) {
    case 'number':
      if (!WHOLE.test(value)) throw refused('a whole number');
      return Number(value);
    case 'boolean':
      if (value !== 'true' && value !== 'false') throw refused('true or false');
      return value === 'true';
    case 'string': {
      const choices = Object.entries(CHOICES).find(([known]) => known === name)?.[1] ?? [];
      if (!choices.some((choice) => choice === value)) throw refused(`one of ${choices.join(', ')}`);
      return value;
    }
    default: {
      const numbers = value === '' ? [] : value.split(',');
      if (!numbers.every((number) => WHOLE.test(number)))
        throw refused('whole numbers with commas between them');
      return numbers.map(Number);
    }
  }
}

const SPAN = /^(\d+)\.\.(\d+)$/;
const NUMBER = /^-?\d+(\.\d+)?$/;

/**
 * A fault on the command line: `rest.error,status=429,retryAfterMs=1000,operation=answerCall`; a time may be a span,
 * `delayMs=20..80`.
 * @throws RangeError that names the flag and what is wrong
 */
export function parseFaultFlag(text: string): AcsFaultRule {
  const [head = '', ...pairs] = text.split(',');
  const [on, fault, ...more] = head.split('.');
  if (fault === undefined || more.length > 0)
    throw new RangeError(`--fault begins with a target and a fault, such as rest.error, not "${head}"`);
  const members = pairs.map((pair): [string, unknown] => {
    const [name = '', value, ...rest] = pair.split('=');
    if (value === undefined || rest.length > 0)
      throw new RangeError(`--fault consists of name=value after its head, not "${pair}"`);
    return [name, readValue(value)];
  });
  return parseAcsFaultRule({ on, fault, ...Object.fromEntries(members) }, `--fault ${head}`);
}

function readValue(text: string): unknown {
  const span = SPAN.exec(text);
  if (span !== null) return [Number(span[1]), Number(span[2])];
  return NUMBER.test(text) ? Number(text) : text;
}
