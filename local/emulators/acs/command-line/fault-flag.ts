import { type AcsFaultRule, parseAcsFaultRule } from '../faults/fault-plan.ts';

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
