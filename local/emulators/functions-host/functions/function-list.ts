import type { IndexedFunction } from './function-index.ts';

const TRIGGERS = { http: 'httpTrigger', eventGrid: 'eventGridTrigger', timer: 'timerTrigger' } as const;

/** What `func start` prints of an app: HTTP functions with methods and addresses, then the others, then who is off. */
export function functionList(functions: readonly IndexedFunction[], url: string): string {
  const on = functions.filter(({ isDisabled }) => !isDisabled);
  const off = functions.filter(({ isDisabled }) => isDisabled);
  const lines = [
    ...on
      .filter((each) => each.kind === 'http')
      .map(({ name, methods, route }) => {
        const asked = methods === undefined ? '' : `[${methods.join()}] `;
        return `\t${name}: ${asked}${url}/${route.text}\n\n`;
      }),
    ...on.filter(({ kind }) => kind !== 'http').map(({ name, kind }) => `\t${name}: ${TRIGGERS[kind]}\n\n`),
    ...off.map(({ name }) => `Function ${name} is disabled.\n`),
  ];
  return `${on.length > 0 ? '\nFunctions:\n\n' : ''}${lines.join('')}`;
}
