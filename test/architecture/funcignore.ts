/**
 * The two ways in which publishing tools read `.funcignore`. Both tell whether a file (path from the root) is
 * published.
 */

export type Publishes = (path: string) => boolean;

function patternsOf(text: string): { pattern: string; isNegated: boolean }[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ pattern: line.replace(/^!/, ''), isNegated: line.startsWith('!') }));
}

/**
 * The rules of gitignore(5), which azd and editors follow: the last match wins, and nothing comes back from a folder
 * that is ignored itself. Knows what this file uses: `*`, a folder and everything in it, anchors, one character in [ ].
 */
export function readLikeGit(text: string): Publishes {
  const rules = patternsOf(text).map(({ pattern, isNegated }) => ({ isNegated, regex: gitRegex(pattern) }));
  const isIgnored = (path: string): boolean => {
    const last = rules.findLast(({ regex }) => regex.test(path));
    return last !== undefined && !last.isNegated;
  };
  return (path) => {
    const names = path.split('/');
    return names.every((_, depth) => !isIgnored(names.slice(0, depth + 1).join('/')));
  };
}

function gitRegex(pattern: string): RegExp {
  const isAnchored = pattern.includes('/');
  const source = pattern
    .replace(/^\//, '')
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replace(/\/\*\*$/, '/.+')
    .replace(/(?<!\.)\*/g, '[^/]*');
  return new RegExp(`^${isAnchored ? '' : '(?:.*/)?'}${source}$`);
}

/**
 * The rules of `func` (its GitIgnoreParser): a pattern is the beginning of a path, `**` and `*` are its only wildcards,
 * a slash at the front is dropped, and one "!" that matches beats everything.
 */
export function readLikeFunc(text: string): Publishes {
  const rules = patternsOf(text).map(({ pattern, isNegated }) => ({ isNegated, regex: funcRegex(pattern) }));
  const matches = (path: string, negated: boolean): boolean =>
    rules.some(({ regex, isNegated }) => isNegated === negated && regex.test(path));
  return (path) => matches(path, true) || !matches(path, false);
}

function funcRegex(pattern: string): RegExp {
  const source = pattern
    .replace(/^\//, '')
    .replace(/[-[\]/{}()+?.\\^$|]/g, '\\$&')
    .replace('**', '(.+)')
    .replace('*', '([^\\/]+)');
  return new RegExp(`^${source}`);
}
