import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ambientUsesOf, breachesOf } from './dependency-rule.ts';
import { importsOf } from './import-graph.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const SOURCES = ['functions', 'shared', 'relay', 'local']
  .flatMap((folder) => globSync(`${folder}/**/*.{ts,js,mjs,cjs}`, { cwd: ROOT }))
  .map((file) => file.replaceAll('\\', '/'));

const read = (file: string): string => readFileSync(`${ROOT}/${file}`, 'utf8');

describe('the dependency rule', () => {
  it('holds for every import of functions, shared, relay and local', () => {
    expect(SOURCES.length, 'source files were found').toBeGreaterThan(20);
    expect(SOURCES.flatMap((file) => breachesOf(file, read(file)))).toEqual([]);
  });

  it('keeps clocks, timers, chance and the environment out of what is pure', () => {
    const pure = SOURCES.filter((file) => /^(shared\/(audio|call)|functions\/control\/call)\//.test(file));
    expect(pure.length).toBeGreaterThan(20);
    expect(pure.flatMap((file) => ambientUsesOf(file, read(file)))).toEqual([]);
  });

  it('has the relay read no clock and draw no chance but what its root hands it, so that a call can be replayed', () => {
    // The root composes, and the loop watch measures the machine itself.
    const free = ['relay/main.ts', 'relay/relay.ts', 'relay/operate/loop-delay.ts'];
    const inside = SOURCES.filter((file) => file.startsWith('relay/') && !free.includes(file));
    const uses = inside.flatMap((file) => ambientUsesOf(file, read(file)));
    expect(uses.filter((use) => !/ uses (queueMicrotask|fetch\()/.test(use))).toEqual([]);
  });

  it('lets what is deployed import only packages that are installed in production', () => {
    const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };
    const strays = SOURCES.filter((file) => !file.startsWith('local/')).flatMap((file) =>
      importsOf(read(file))
        .filter((name) => !/^(\.|node:|#)/.test(name))
        .map((name) => name.split('/', name.startsWith('@') ? 2 : 1).join('/'))
        .filter((name) => !(name in dependencies))
        .map((name) => `${file} imports "${name}", which is not in the dependencies of package.json.`),
    );
    expect(strays).toEqual([]);
  });
});

describe('imports of zod', () => {
  it('take the namespace, so that the bundles leave out what nobody uses', () => {
    const wrong = SOURCES.filter((file) => !file.startsWith('local/'))
      .filter((file) => /^import \{ z \} from 'zod'/m.test(read(file)))
      .map(
        (file) =>
          `${file}: write "import * as z from 'zod'"; "{ z }" puts all languages of zod into the bundle (370 kB, 15 ms of start).`,
      );
    expect(wrong).toEqual([]);
  });
});

describe('the check of the dependency rule', () => {
  it('finds every form of import', () => {
    const source = [
      "import a from 'one';",
      "import {\n  b,\n  type C,\n} from 'two';",
      "import 'three';",
      "export * from 'four';",
      "export { d } from 'five';",
      "const e = await import('six');",
      "const f = require('seven');",
      "import type { G } from 'eight';",
    ].join('\n');
    expect(new Set(importsOf(source))).toEqual(
      new Set(['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight']),
    );
  });

  it.each([
    ['shared/audio/a.ts', 'zod'],
    ['shared/audio/a.ts', 'node:fs'],
    ['shared/audio/a.ts', '../wire/lane/rtp.ts'],
    ['functions/main.ts', '../relay/main.ts'],
    ['functions/workers/a.ts', '../../local/main.ts'],
    ['relay/main.ts', '../functions/main.ts'],
    ['relay/main.ts', '../local/main.ts'],
    ['local/main.ts', '../relay/main.ts'],
    ['local/emulators/acs/a.ts', '../../../relay/acs/acs-media.ts'],
    ['local/emulators/acs/a.ts', '../web-pubsub/server.ts'],
    ['local/emulators/acs/a.ts', '../../../shared/wire/acs/acs-token.ts'],
    ['local/emulators/web-pubsub/a.ts', '../../../shared/web-pubsub/web-pubsub-protobuf.ts'],
    ['local/phone/a.ts', '../emulators/acs/main.ts'],
    ['shared/call/a.ts', '../wire/names.ts'],
    ['shared/wire/lane/a.ts', '../../client/calls-client.ts'],
    ['functions/control/call/a.ts', '../adapters/tables/call-store.ts'],
    ['functions/control/call/a.ts', 'zod'],
    ['functions/workers/samples/a.ts', '../../../shared/audio/wav.ts'],
    ['functions/workers/kit/a.ts', '../../control/call/model.ts'],
    ['local/emulators/web-pubsub/a.ts', '../acs/server.ts'],
  ])('refuses that %s imports %s', (file, name) => {
    expect(breachesOf(file, `import { x } from '${name}';`)).toHaveLength(1);
  });

  it.each([
    ['shared/audio/a.ts', './b.ts'],
    ['functions/main.ts', './control/register.ts'],
    ['relay/main.ts', '../shared/settings/config.ts'],
    ['local/emulators/acs/a.ts', '../../phone/phone.ts'],
    ['local/emulators/acs/a.ts', '../../../shared/web-socket/open-web-socket.ts'],
    ['local/run/stack/a.ts', '../../../shared/wire/names.ts'],
  ])('lets %s import %s', (file, name) => {
    expect(breachesOf(file, `import { x } from '${name}';`)).toEqual([]);
  });

  it('finds a clock in code and overlooks one in a comment', () => {
    expect(
      ambientUsesOf('shared/audio/a.ts', '// Date.now()\n/* setTimeout */\nconst t = Date.now();'),
    ).toEqual(['shared/audio/a.ts:3 uses Date.now, but here time and chance are parameters.']);
  });
});
