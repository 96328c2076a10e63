/** Waits for what a program that a test has started says. */
import type { ChildProcess } from 'node:child_process'

/** Resolves when the program has said this, on either output. Rejects when it ends before. */
export function says(child: ChildProcess, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = ''
    const hear = (chunk: unknown) => {
      said += String(chunk)
      if (said.includes(text)) resolve()
    }
    child.stdout!.on('data', hear)
    child.stderr!.on('data', hear)
    child.once('exit', code => reject(new Error(`the program ended with ${code}: ${said.slice(-2_000)}`)))
  })
}
