/**
 * The program that tests start as a separate process, its flows, and the test files themselves. They are the shipped
 * ones unless `test/run.ts` sets a compiled copy of the project (test/run/compiled.ts).
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The variable in which `test/run.ts` passes the path of the compiled copy to its processes. */
export const COMPILED = 'SWITCHHOOK_TEST_COMPILED'
export const SHIPPED = fileURLToPath(new URL('../', import.meta.url))

/** The folder of a compiled copy that holds the server and its flows. */
export const SERVER_COPY = 'server'

/** The path of a folder or file of the project, in the copy that the started program belongs to. */
export const inProgram = (path: string): string => {
  const copy = process.env[COMPILED]
  return copy === undefined ? join(SHIPPED, path) : join(copy, SERVER_COPY, path)
}

/** The path of a TypeScript file of the project, or of what it is in this compiled copy. */
export const runnable = (path: string, copy = process.env[COMPILED]): string =>
  copy === undefined ? join(SHIPPED, path) : join(copy, path.replace(/\.ts$/, '.js'))

/** Node's arguments for running a TypeScript file of the project as a program. */
export const nodeWords = (path: string): string[] =>
  process.env[COMPILED] ? [runnable(path)] : ['--import', 'tsx', runnable(path)]

export const PROGRAM = inProgram('src/bin.mjs')
export const SCRIPTS = inProgram('scripts')
