/**
 * A node as it runs in a call centre: a separate process, `switchhook run`, that can be killed, suspended, continued
 * and drained.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { PATIENCE_MS } from '../patience.ts'
import { PROGRAM } from '../program.ts'

const KEPT_LINES = 20_000

export interface NodeOptions {
  readonly name: string
  readonly folder: string
  readonly settings: Readonly<Record<string, string>>
}

export interface Exit {
  readonly code: number | null
  readonly signal: string | null
  /** performance.now() at that time. */
  readonly at: number
}

export class NodeProcess {
  readonly name: string
  readonly exited: Promise<Exit>
  /** Its log, one entry for each line, with the milliseconds since its start. */
  readonly log: string[] = []
  exit: Exit | null = null
  readonly #child: ChildProcess
  readonly #began = performance.now()
  readonly #waiting = new Set<{ line: RegExp; heard(line: string): void; ended(): void }>()

  constructor({ name, folder, settings }: NodeOptions) {
    this.name = name
    // the settings of this process must not reach it; several nodes cannot have one port
    const own = { NODE_NAME: name, DESK_LISTEN: '127.0.0.1:0' }
    const env = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...own, ...settings }
    this.#child = spawn(process.execPath, [PROGRAM, 'run'], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) this.#read(stream)
    this.exited = once(this.#child, 'exit').then(
      ([code, signal]) =>
        (this.exit = { code: code as number | null, signal: signal as string | null, at: performance.now() }),
    )
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** Its listener is open. Rejects with its whole log when it never opens. */
  async ready(): Promise<void> {
    const failed = (why: string) => new Error(`node ${this.name} ${why}:\n${this.log.join('\n')}`)
    await Promise.race([
      this.says(/^listener: /, PATIENCE_MS).catch(() => Promise.reject(failed('did not open its door'))),
      this.exited.then(({ code, signal }) =>
        Promise.reject(failed(`ended before it opened its door (${code ?? signal})`)),
      ),
    ])
  }

  /**
   * Resolves with the first line, past or to come, that matches. Rejects after this number of milliseconds, or when
   * `end` ends the node.
   */
  says(line: RegExp, withinMs: number): Promise<string> {
    const bare = (said: string) => said.replace(/^ *\d+ {2}/, '')
    const before = this.log.map(bare).find(said => line.test(said))
    if (before !== undefined) return Promise.resolve(before)
    return new Promise((resolve, reject) => {
      const done = (act: () => void) => {
        clearTimeout(limit)
        this.#waiting.delete(waiter)
        act()
      }
      const never = () =>
        done(() =>
          reject(new Error(`node ${this.name} never said ${line}; it said:\n${this.log.slice(-25).join('\n')}`)),
        )
      const waiter = { line, heard: (said: string) => done(() => resolve(said)), ended: never }
      const limit = setTimeout(never, withinMs)
      this.#waiting.add(waiter)
    })
  }

  /** Sends the signal. Returns its time. */
  signal(signal: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT' | 'SIGINT'): number {
    const at = performance.now()
    if (this.exit === null) process.kill(this.pid, signal)
    return at
  }

  kill(): number {
    return this.signal('SIGKILL')
  }
  term(): number {
    return this.signal('SIGTERM')
  }
  stop(): number {
    return this.signal('SIGSTOP')
  }
  cont(): number {
    return this.signal('SIGCONT')
  }

  /** Ended for good, suspended or not. */
  async end(): Promise<void> {
    this.kill()
    await this.exited
    for (const waiter of [...this.#waiting]) waiter.ended()
  }

  /** For a person who looks for the fault: warnings and errors first, then the last lines. */
  story(): string {
    const telling = this.log.filter(line =>
      /"level":(40|50|60)|"level":"(warn|error|fatal)"|\b(WARN|ERROR|warn|error)\b/.test(line),
    )
    const cut = (lines: readonly string[]) => lines.map(line => `    ${line.slice(0, 400)}`).join('\n')
    return `node ${this.name} (pid ${this.pid}, ${this.exit ? `ended: ${this.exit.code ?? this.exit.signal}` : 'alive'}), warnings and errors:\n${cut(telling.slice(-40))}\n  its last lines:\n${cut(this.log.slice(-25))}`
  }

  #read(stream: NodeJS.ReadableStream): void {
    let rest = ''
    stream.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) this.#heard(line)
    })
  }

  #heard(line: string): void {
    if (this.log.length >= KEPT_LINES) this.log.splice(0, KEPT_LINES / 2)
    this.log.push(`${String(Math.round(performance.now() - this.#began)).padStart(6)}  ${line}`)
    for (const waiter of [...this.#waiting]) if (waiter.line.test(line)) waiter.heard(line)
  }
}
