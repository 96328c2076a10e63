/** Runs a TypeScript file of the project as a program of its own: inside node:test its asynchronous hooks would cost more than the house. */
import { execFile } from 'node:child_process'
import { nodeWords } from './program.ts'

/** What it has printed. Rejects with what it has complained of when it does not end well. */
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
