/** Commands of a document: each `curl` of its `sh` blocks with the line under it, which says what comes back. */

export interface CurlCommand {
  /** As it is written. */
  readonly text: string;
  readonly words: readonly Word[];
  readonly expected: Expectation;
}

/** A part of a command line; variables are filled in when it is run. */
export type Word = readonly { readonly text: string; readonly isVariable: boolean }[];

export interface Expectation {
  readonly status: number;
  /** Members of the answer, by their paths. */
  readonly members: readonly { readonly path: readonly string[]; readonly value: string }[];
  /** Variables to set, and where in the answer their values are. */
  readonly kept: readonly { readonly name: string; readonly path: readonly string[] }[];
  /** Texts that the answer has, in this order. */
  readonly texts: readonly string[];
}

/** @throws Error for a command without an expectation, and for a line that is neither. */
export function curlCommandsOf(markdown: string): CurlCommand[] {
  const blocks = [...markdown.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block ?? '');
  return blocks.flatMap((block) => {
    const lines = block.trim().split('\n');
    return lines.flatMap((line, index) => {
      if (line.startsWith('# ')) return [];
      if (!line.startsWith('curl ')) throw new Error(`neither a curl command nor what it answers: ${line}`);
      const next = lines[index + 1] ?? '';
      if (!next.startsWith('# ')) throw new Error(`nothing is said about the answer to: ${line}`);
      return [{ text: line, words: wordsOf(line), expected: expectationOf(next.slice(2)) }];
    });
  });
}

/** The words of a command line, as a shell splits it: quotes, and variables in double quotes and outside. */
function wordsOf(line: string): Word[] {
  const words: { text: string; isVariable: boolean }[][] = [];
  for (const [whole] of line.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)) {
    const word: { text: string; isVariable: boolean }[] = [];
    for (const [, double, single, bare] of whole.matchAll(/"([^"]*)"|'([^']*)'|([^"']+)/g)) {
      if (single !== undefined) word.push({ text: single, isVariable: false });
      else word.push(...partsOf(double ?? bare ?? ''));
    }
    words.push(word);
  }
  return words;
}

function partsOf(text: string): { text: string; isVariable: boolean }[] {
  return text
    .split(/(\$[A-Z_]+)/)
    .filter((part) => part !== '')
    .map((part) =>
      part.startsWith('$') ? { text: part.slice(1), isVariable: true } : { text: part, isVariable: false },
    );
}

/** `200 .member.0.deeper=value NAME=.member text`; a space inside is written `\ `. */
function expectationOf(line: string): Expectation {
  const [status = '', ...rest] = line.split(/(?<!\\) /).map((part) => part.replaceAll('\\ ', ' '));
  if (!/^[1-5]\d\d$/.test(status)) throw new Error(`no status: ${line}`);
  const pathOf = (text: string): string[] => text.split('.').slice(1);
  const members: Expectation['members'][number][] = [];
  const kept: Expectation['kept'][number][] = [];
  const texts: string[] = [];
  for (const part of rest) {
    const [, left, right] = /^([^=]*)=(.*)$/.exec(part) ?? [];
    if (left === undefined || right === undefined) texts.push(part);
    else if (left.startsWith('.')) members.push({ path: pathOf(left), value: right });
    else kept.push({ name: left, path: pathOf(right) });
  }
  return { status: Number(status), members, kept, texts };
}
