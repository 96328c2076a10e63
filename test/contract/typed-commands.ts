/** The command line in the process of a test, over the stores of the test. */
import type { z } from 'zod'
import type { Clock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { runCli, type Actions } from '../../src/desk/cli.ts'
import { openAudit } from '../../src/operations/audit.ts'
import type { Needs, Operation, PartsFor } from '../../src/operations/operation.ts'
import { perform } from '../../src/operations/perform.ts'
import type { Sql } from '../../src/store/sql.ts'

/** What an administrator types: each word an argument. `parts`: what the operations that are typed need. */
export function typedCommands(parts: { readonly sql: Sql; readonly clock: Clock } & Record<string, unknown>) {
  const all = { ...parts, audit: openAudit({ sql: parts.sql, redis: null, log: silentLog }), log: silentLog }
  const actor = { who: 'ann', door: 'command-line', role: 'administrator' } as const
  const actions = {
    perform: async <Input extends z.ZodObject, Output extends z.ZodType, N extends Needs>(
      operation: Operation<Input, Output, N>,
      given: unknown,
    ) => ({ output: await perform(operation, all as unknown as PartsFor[N], given, actor), now: parts.clock.now() }),
  } as unknown as Actions
  return async (...words: string[]) => {
    let [out, err] = ['', '']
    const code = await runCli(words, actions, {
      out: (text: string) => void (out += text),
      err: (text: string) => void (err += text),
      colour: false,
    } as never)
    return { code, out, err }
  }
}
