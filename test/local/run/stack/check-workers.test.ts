import { expect, it } from 'vitest';
import { checkRoutes, requireNamesOnce } from '../../../../local/run/stack/check-workers.ts';

it('tells all that is wrong with routes at once, workers included that there are not', () => {
  const routes = [
    { name: 'one', workers: [{ name: 'parrott' }] },
    { nam: 'two' },
    { name: 'one', workers: [{ name: 'echo' }] },
  ];
  const check = (): void => checkRoutes(routes, ['echo', 'parrot']);
  expect(check).toThrow('routes[1].nam is not a member that is known there');
  expect(check).toThrow('routes[2].name: "one" is the name of an earlier route');
  expect(check).toThrow(
    'routes[0].workers[0].name: there is no worker "parrott" (did you mean "parrot"?); there are echo, parrot',
  );
  expect(() => checkRoutes([routes[0] ?? {}], ['parrott'])).not.toThrow();
});

it('refuses two workers of one name', () => {
  expect(() => requireNamesOnce([{ name: 'echo' }, { name: 'robot' }, { name: 'echo' }])).toThrow(
    'two workers of the worker app have the name "echo"',
  );
});
