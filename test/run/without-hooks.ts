/**
 * Loaded before node:test in the processes of `make test`: node:test then follows no promise. It does so to learn which
 * test an error belongs to that no test awaits, and in virtual time that takes a third of the CPU (Node 20 calls two
 * hooks for each promise and tells the garbage collector about it). Here such an error ends the process, and the run
 * reports it with the test that was running. A helper that is called in a test declares its hooks on the context of the
 * test (`t.after`).
 */
import { createRequire } from 'node:module'
import { inspect } from 'node:util'
import type asyncHooksModule from 'node:async_hooks'

type Init = (id: number, type: string, trigger: number, resource: object) => void
type AsyncHooks = typeof asyncHooksModule

// the object that node:test reads while it is loaded; an import would be a copy of it
const require = createRequire(import.meta.url)
const asyncHooks = require('node:async_hooks') as { -readonly [K in keyof AsyncHooks]: unknown }
const { AsyncResource, createHook } = asyncHooks as AsyncHooks

let init: Init | undefined
const silent = { enable: () => silent, disable: () => silent }
asyncHooks.createHook = (callbacks: { init?: Init }) => {
  init = callbacks.init
  return silent
}
/** Only the tests and suites themselves are told: what is declared in a suite belongs to it. */
asyncHooks.AsyncResource = class extends AsyncResource {
  constructor(...args: ConstructorParameters<typeof AsyncResource>) {
    super(...args)
    init?.(this.asyncId(), args[0], this.triggerAsyncId(), this)
  }
}
require('node:test')
Object.assign(asyncHooks, { AsyncResource, createHook })

for (const event of ['uncaughtException', 'unhandledRejection'] as const)
  process.on(event, (error: unknown) => {
    process.stderr.write(`${event}, which no test awaits:\n${inspect(error)}\n`)
    process.exit(1)
  })
