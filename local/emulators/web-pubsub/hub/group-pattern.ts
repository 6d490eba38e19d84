import { GROUP_NAME_MAX_LENGTH, ROLE_PATTERN_MAX_ASTERISKS } from '../base/limits.ts';

/** What stands at one place of a pattern: one character of these, or a run of them. */
interface Token {
  readonly repeats: boolean;
  accepts(character: string): boolean;
}

const anything = (): boolean => true;
const withinSegment = (character: string): boolean => character !== '.';
const literal = (wanted: string): Token => ({
  repeats: false,
  accepts: (character) => character === wanted,
});

/**
 * A group name pattern of a wildcard role: `*` stands for any run within one dot-separated segment, `**` for any run
 * including dots, `?` for one character that is not a dot; a backslash takes the meaning from `*`, `?` and itself.
 */
export class GroupPattern {
  /** As it was written. */
  readonly source: string;
  readonly #tokens: readonly Token[];

  private constructor(source: string, tokens: readonly Token[]) {
    this.source = source;
    this.#tokens = tokens;
  }

  /** @returns undefined for a pattern that is empty, too long or malformed; such a role grants nothing */
  static parse(pattern: string): GroupPattern | undefined {
    if (pattern.length === 0 || pattern.length > GROUP_NAME_MAX_LENGTH) return undefined;
    const tokens: Token[] = [];
    let asterisks = 0;
    for (let index = 0; index < pattern.length; ) {
      const character = pattern.charAt(index);
      if (character === '?') {
        tokens.push({ repeats: false, accepts: withinSegment });
        index += 1;
      } else if (character === '\\') {
        const escaped = pattern.charAt(index + 1);
        if (escaped !== '*' && escaped !== '?' && escaped !== '\\') return undefined;
        tokens.push(literal(escaped));
        index += 2;
      } else if (character === '*') {
        const start = index;
        while (pattern.charAt(index) === '*') index += 1;
        asterisks += 1;
        if (asterisks > ROLE_PATTERN_MAX_ASTERISKS) return undefined;
        tokens.push({ repeats: true, accepts: index - start > 1 ? anything : withinSegment });
      } else {
        tokens.push(literal(character));
        index += 1;
      }
    }
    return new GroupPattern(pattern, tokens);
  }

  /** Case-sensitive. Takes time in the order of pattern length times name length, whatever the pattern. */
  matches(name: string): boolean {
    // reachable[i] says whether the tokens so far can consume exactly the first i characters.
    let reachable = new Uint8Array(name.length + 1);
    reachable[0] = 1;
    for (const { repeats, accepts } of this.#tokens) {
      const next = new Uint8Array(name.length + 1);
      for (let index = 0; index <= name.length; index += 1) {
        // A run goes on behind its own characters, and may be empty; one character follows what came before.
        const before = repeats ? next : reachable;
        const taken = index > 0 && before[index - 1] === 1 && accepts(name.charAt(index - 1));
        if (taken || (repeats && reachable[index] === 1)) next[index] = 1;
      }
      reachable = next;
    }
    return reachable[name.length] === 1;
  }
}
