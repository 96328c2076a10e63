/**
 * The program that tests start as a process of its own, and the flows that it serves. It is the shipped one, src/bin.mjs, unless
 * `test/run.ts` says that there is a compiled copy of the project (test/run/compiled.ts).
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The name under which `test/run.ts` tells its processes where the compiled copy is. */
export const COMPILED = 'SWITCHHOOK_TEST_COMPILED'
export const SHIPPED = fileURLToPath(new URL('../', import.meta.url))

/** The path of a folder or file of the project, in the copy that the started program is part of. */
export const inProgram = (path: string): string => join(process.env[COMPILED] ?? SHIPPED, path)

/** What Node is told, so that it runs a TypeScript file of the project as a program. */
export const nodeWords = (path: string): string[] =>
  process.env[COMPILED] ? [inProgram(path).replace(/\.ts$/, '.js')] : ['--import', 'tsx', inProgram(path)]

export const PROGRAM = inProgram('src/bin.mjs')
export const SCRIPTS = inProgram('scripts')
