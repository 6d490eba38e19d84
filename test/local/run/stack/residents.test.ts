import { describe, expect, it } from 'vitest';
import { readStartOptions } from '../../../../local/run/cli/options.ts';
import { Child } from '../../../../local/run/stack/child.ts';
import { directoryRoutes, makeDirectory, withResidents } from '../../../../local/run/stack/directory.ts';
import { portsWithOffset } from '../../../../local/run/stack/ports.ts';
import { makeSecrets } from '../../../../local/run/stack/secrets.ts';
import { residentSpec, type SystemLayout, specOf } from '../../../../local/run/stack/specs.ts';

const LAYOUT: SystemLayout = {
  ports: portsWithOffset(0),
  secrets: makeSecrets(),
  controlApp: '',
  workerApp: '',
  relayModule: '',
};
const ECHO = { name: 'echo', listen: { mode: 'chunk', ms: 100 } } as const;

describe('resident workers of the local system', () => {
  it('get the events of their names, and the worker app all others', () => {
    const handlers = (layout: SystemLayout) =>
      Object.entries(specOf('webPubSub', layout).env).filter(([name]) => name.includes('EventHandlers'));
    expect(handlers({ ...LAYOUT, resident: { workers: ['echo', 'robot'], port: 7073 } })).toEqual([
      ['WebPubSub__Hubs__calls__EventHandlers__0__UrlTemplate', 'http://127.0.0.1:7073/api/workers/{event}'],
      ['WebPubSub__Hubs__calls__EventHandlers__0__EventPattern', 'echo,robot'],
      ['WebPubSub__Hubs__calls__EventHandlers__1__UrlTemplate', 'http://127.0.0.1:7072/api/workers/{event}'],
      ['WebPubSub__Hubs__calls__EventHandlers__1__EventPattern', '*'],
    ]);
    expect(handlers(LAYOUT)).toHaveLength(2);
  });

  it('hear the stream at their numbers, and an echo is not interrupted by what it says back', () => {
    const [route] = directoryRoutes(makeDirectory(withResidents([ECHO], ['echo'])));
    expect(route).toMatchObject({
      workers: [{ name: 'echo', listen: { mode: 'stream' }, bargeIn: { policy: 'never' } }],
    });
    expect(withResidents([ECHO], ['robot'])).toEqual([ECHO]);
  });

  it.each([
    { workers: ['nobody'], says: '"nobody" is no worker; there are echo, robot, parrot' },
    { workers: ['parrot'], says: 'the worker parrot has no onAudio, so it cannot hear a stream' },
  ])('do not start when one is unknown or cannot hear a stream: $workers', async ({ workers, says }) => {
    const ignore = (): void => {};
    const child = new Child(residentSpec(LAYOUT, { workers, port: 0 }), ignore, ignore);
    await expect(child.ready()).rejects.toThrow(says);
  });
});

describe('npm start -- --inspect', () => {
  const inspectedAt = (args: readonly string[], worker: string): string[] => {
    const layout = { ...LAYOUT, inspectPort: readStartOptions(args).inspectPort };
    const spec =
      worker === 'resident' ? residentSpec(layout, { workers: [], port: 0 }) : specOf('worker', layout);
    expect(spec.isWatched).toBe(true);
    return (spec.nodeArgs ?? []).filter((arg) => arg.startsWith('--inspect'));
  };

  it('lets a debugger at the worker app and the resident workers, and at nothing without it', () => {
    expect(inspectedAt(['--inspect'], 'worker')).toEqual(['--inspect=127.0.0.1:9229']);
    expect(inspectedAt(['--inspect'], 'resident')).toEqual(['--inspect=127.0.0.1:9230']);
    expect(inspectedAt(['--inspect=9500', '--verbose'], 'worker')).toEqual(['--inspect=127.0.0.1:9500']);
    expect(inspectedAt([], 'worker')).toEqual([]);
    expect(inspectedAt([], 'resident')).toEqual([]);
  });

  it('refuses what is no port', () => {
    expect(() => readStartOptions(['--inspect=x'])).toThrow('--inspect x must be a whole number from 1 to');
  });
});

describe('npm start -- --resident', () => {
  it('takes names with commas between them', () => {
    expect(readStartOptions(['--resident', 'echo,robot']).residents).toEqual(['echo', 'robot']);
    expect(readStartOptions([]).residents).toEqual([]);
    expect(() => readStartOptions(['--resident', 'echo,'])).toThrow('"" is none');
    expect(() => readStartOptions(['--resident', 'Echo'])).toThrow(
      '--resident Echo must be names of workers',
    );
  });
});
