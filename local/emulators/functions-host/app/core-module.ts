import { Module } from 'node:module';

const CORE_MODULE = '@azure/functions-core';

let installed = false;

/**
 * Makes `require('@azure/functions-core')` answer with `coreApi` everywhere in this process, the way the Node worker
 * does it. It must run before anything loads `@azure/functions`, which asks for the module once and remembers the
 * answer; for the same reason one process can host one function app, ever.
 *
 * @throws when it has been installed before
 */
export function installCoreModule(coreApi: object): void {
  if (installed) {
    throw new Error('this process already hosts a function app; start another process for another app');
  }
  installed = true;
  Module.prototype.require = new Proxy(Module.prototype.require, {
    apply: (target, self, args: [string]) =>
      args[0] === CORE_MODULE ? coreApi : Reflect.apply(target, self, args),
  });
}
