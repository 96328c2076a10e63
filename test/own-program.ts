/**
 * Runs a TypeScript file of the project as a separate program: the asynchronous hooks of node:test would cost more than
 * Switchhook.
 */
import { execFile } from 'node:child_process'
import { nodeWords } from './program.ts'

/** Its output. Rejects with its error output when it fails. */
export function ownProgram(path: string, ...args: readonly (string | number)[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [...nodeWords(path), ...args.map(String)],
      { maxBuffer: 16_000_000 },
      (error, said, complained) => {
        if (error) reject(new Error(`${error.message.split('\n')[0]}: ${complained.slice(0, 2_000)}`))
        else resolve(said)
      },
    )
  })
}
