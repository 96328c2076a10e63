import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** What many-callers.ts says when something was left behind, else ''. */
export function callersPassThrough(callers: number): Promise<string> {
  const program = fileURLToPath(new URL('./many-callers.ts', import.meta.url))
  return new Promise(resolve => {
    execFile(process.execPath, ['--import', 'tsx', program, String(callers)], (error, out, err) => resolve(error ? `${error.message}\n${out}${err}` : ''))
  })
}
