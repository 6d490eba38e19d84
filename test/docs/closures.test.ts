import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type CloseCause, closeCodeOf, isContinued } from '../../relay/session/close-cause.ts';

/** The compiler refuses this list when a cause is missing. */
const EVERY_CAUSE: Readonly<Record<CloseCause, true>> = {
  'stream ended': true,
  moved: true,
  replaced: true,
  'relay shutting down': true,
  'no sign of life': true,
  'no audio from ACS': true,
  'fault of the relay': true,
};

const CAUSES = Object.keys(EVERY_CAUSE) as CloseCause[];

const [story = '', causes = ''] = readFileSync(
  new URL('../../docs/closures.md', import.meta.url),
  'utf8',
).split('\n## Causes\n');

/** Which workers wait for a next stream, in the words of the document. */
function waiting(cause: CloseCause): string {
  if (isContinued(cause, false)) return 'yes';
  return isContinued(cause, true) ? 'with `CONTROL_URL`' : 'no';
}

describe('docs/closures.md', () => {
  it('lists each cause with its close code and whether the workers wait for the next stream', () => {
    const rows = [...causes.matchAll(/^\| `[a-zA-Z ]+` \| \d{4} \|.*$/gm)].map(([row]) => row);
    expect(rows).toEqual(
      CAUSES.map((cause) => `| \`${cause}\` | ${closeCodeOf(cause)} | ${waiting(cause)} |`),
    );
  });

  it.each(CAUSES)('tells when a stream ends with the cause "%s"', (cause) => {
    expect(story).toContain(`(\`${cause}\`)`);
  });

  it('names no cause that the relay does not have', () => {
    const named = [...story.matchAll(/\bsessions? \(`([^`]+)`\)/g)].map(([, cause]) => cause);
    expect(named.length).toBeGreaterThan(3);
    expect(named.filter((cause) => !CAUSES.includes(cause as CloseCause))).toEqual([]);
  });
});
