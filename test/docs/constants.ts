/** Constants of the product as its sources say them: what documents tell of is exported for no other reason. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The value of a constant that is a number or a product of numbers and constants of the same source. */
export function valueIn(source: string, constant: string): number | undefined {
  const product = new RegExp(`^(?:export )?const ${constant} = ([\\w* ]+);`, 'm').exec(source)?.[1];
  return product?.split('*').reduce((total, factor) => {
    const term = factor.trim();
    const value = /^\d/.test(term) ? Number(term.replaceAll('_', '')) : valueIn(source, term);
    return total * (value ?? Number.NaN);
  }, 1);
}

/** The value of a constant of a file. @throws Error where the file has none of that name */
export function constantOf(file: string, constant: string): number {
  const value = valueIn(
    readFileSync(fileURLToPath(new URL(`../../${file}`, import.meta.url)), 'utf8'),
    constant,
  );
  if (value === undefined) throw new Error(`${file} has no constant ${constant}`);
  return value;
}
