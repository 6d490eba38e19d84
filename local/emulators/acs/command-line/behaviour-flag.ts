import { type AcsBehaviour, DEFAULT_BEHAVIOUR } from '../call/behaviour.ts';

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
      if (given === undefined) {
        throw new RangeError(
          `--behaviour knows no "${name}"; it takes ${Object.keys(DEFAULT_BEHAVIOUR).join(', ')}`,
        );
      }
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
