/**
 * Loads a built function app as the Functions worker does: `@azure/functions-core` is put in place of a module that is
 * installed nowhere, then the entry file is required. Prints what it registered, as JSON.
 *
 *     node load-bundle.ts <main.cjs>
 */
import Module, { createRequire } from 'node:module';
import type { RegisteredFunction } from './registered-function.ts';

const registered: RegisteredFunction[] = [];

class Disposable {
  dispose(): void {}
}

const core = {
  version: '0.0.0',
  hostVersion: '4.0.0',
  Disposable,
  setProgrammingModel(): void {},
  getProgrammingModel: () => ({ name: '@azure/functions', version: '4' }),
  log(): void {},
  registerHook: () => new Disposable(),
  registerFunction(metadata: { name: string; bindings: Record<string, RegisteredFunction['trigger']> }) {
    const trigger = Object.values(metadata.bindings).find(({ type }) => type.endsWith('Trigger'));
    if (trigger === undefined) throw new Error(`function ${metadata.name} has no trigger`);
    registered.push({ name: metadata.name, trigger });
    return new Disposable();
  },
};

const { prototype } = Module as unknown as { prototype: { require: (id: string) => unknown } };
const original = prototype.require;
prototype.require = function requireWithCore(id) {
  return id === '@azure/functions-core' ? core : original.call(this, id);
};

createRequire(import.meta.url)(process.argv[2] ?? '');
process.stdout.write(JSON.stringify(registered));
