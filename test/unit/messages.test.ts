/** docs/messages.md explains every warning and error of the log: compared with the source. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { ANY, messagesInSource, type Message } from '../messages-in-source.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** The reader found 131 when this was written. Fewer than this mean that it no longer finds them. */
const FLOOR = 90
/** A row that is almost only `…` would explain everything. */
const LEAST_FIXED = 10

interface Row {
  readonly room: string
  readonly text: string
  readonly level: string
  readonly explains: boolean
}

function rowsOf(page: string): Row[] {
  const lines = page.split('\n').filter(line => line.startsWith('| '))
  return lines.slice(2).map(line => {
    const [room = '', text = '', level = '', ...rest] = line
      .slice(1, -1)
      .split('|')
      .map(cell => cell.trim())
    return { room, text, level, explains: rest.length === 2 && rest.every(cell => cell !== '') }
  })
}

const row = (text: string, level = 'warn', room = 'queue'): Row => ({ room, text, level, explains: true })
const message = (text: string, level = 'warn', room = 'queue'): Message => ({ text, level, room, at: 'src/x.ts:1' })

/** `…` in a row stands for any text. */
function covers({ text }: Row, logged: Message): boolean {
  if (text === logged.text) return true
  const fixed = text.split(ANY).map(part => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return fixed.join('').length >= LEAST_FIXED && new RegExp(`^${fixed.join('.+')}$`).test(logged.text)
}

const keyOf = ({ room, text }: Row): string => `${room}\n${text.toLowerCase()}`
const listed = (words: readonly string[], order: readonly string[] = []): string =>
  [...new Set(words)].sort((a, b) => order.indexOf(a) - order.indexOf(b) || (a < b ? -1 : 1)).join(', ')

/** What is wrong, one line each. */
function differences(rows: readonly Row[], messages: readonly Message[]): string[] {
  const unread = messages.filter(({ text }) => text.replaceAll(ANY, '').length < LEAST_FIXED)
  const missing = messages.filter(one => !unread.includes(one) && !rows.some(each => covers(each, one)))
  return [
    ...unread.map(({ at }) => `${at} logs a text that is not constant: write it where it is logged, or in a constant`),
    ...missing.map(
      ({ text, level, room, at }) => `docs/messages.md lacks (room ${room}, level ${level}, ${at}): ${text}`,
    ),
    ...rows.flatMap((one, index) => {
      const covered = messages.filter(each => covers(one, each))
      const before = rows[index - 1]
      if (covered.length === 0) return [`docs/messages.md has, and src/ does not log: ${one.text}`]
      const room = listed(covered.map(each => each.room))
      const level = listed(
        covered.map(each => each.level),
        ['warn', 'error'],
      )
      return [
        ...(one.room === room ? [] : [`docs/messages.md: the room is '${room}', not '${one.room}': ${one.text}`]),
        ...(one.level === level ? [] : [`docs/messages.md: the level is '${level}', not '${one.level}': ${one.text}`]),
        ...(one.explains ? [] : [`docs/messages.md: a row has five cells, none of them empty: ${one.text}`]),
        ...(before && keyOf(before) >= keyOf(one)
          ? [`docs/messages.md: rows are sorted by room and message: ${one.text}`]
          : []),
      ]
    }),
  ]
}

test('the person on night duty finds every warning and error of the log in docs/messages.md', () => {
  const messages = messagesInSource(ROOT)
  assert.ok(messages.length >= FLOOR, `the reader found only ${messages.length} messages in src/`)
  const found = differences(rowsOf(readFileSync(join(ROOT, 'docs/messages.md'), 'utf8')), messages)
  assert.ok(found.length === 0, `\n${found.join('\n')}`)
})

test('an engineer who adds, removes or moves a message reads what the document needs', () => {
  const table =
    '| a | b | c | d | e |\n| --- | --- | --- | --- | --- |\n| queue | the port is open | warn | open | close it |\n'
  assert.deepEqual(rowsOf(table), [row('the port is open')])
  assert.deepEqual(differences(rowsOf(table), [message('the port is open')]), [])
  const oneLine = (rows: Row[], messages: Message[], expected: RegExp) => {
    const found = differences(rows, messages)
    assert.equal(found.length, 1, found.join('\n'))
    assert.match(found[0]!, expected)
  }
  const [open, shut] = [row('the port is open'), row('the port is shut')]
  oneLine([open], [message(open.text), message(shut.text)], /lacks .*src\/x\.ts:1\): the port is shut$/)
  oneLine([open, shut], [message(open.text)], /src\/ does not log: the port is shut$/)
  oneLine([open], [message(open.text, 'error')], /the level is 'error'/)
  oneLine([open], [message(open.text), message(open.text, 'error')], /the level is 'warn, error'/)
  oneLine([open], [message(open.text, 'warn', 'call')], /the room is 'call'/)
  oneLine([shut, open], [message(open.text), message(shut.text)], /sorted/)
  oneLine([{ ...open, explains: false }], [message(open.text)], /five cells/)
  oneLine([open], [message(open.text), message(ANY)], /src\/x\.ts:1 logs a text that is not constant/)
})

test('a row with … explains all messages of its form, but not every message', () => {
  const closing = [message('closing: campaigns: failed'), message('closing: leads: failed')]
  assert.deepEqual(differences([row('closing: …: failed')], closing), [])
  assert.equal(differences([row('…')], closing).length, 3)
})

test('a text is found wherever it is built', t => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'switchhook-messages-')))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  mkdirSync(join(root, 'src/call'), { recursive: true })
  const file = (path: string, text: string) => writeFileSync(join(root, path), text)
  file(
    'tsconfig.json',
    '{ "compilerOptions": { "strict": true, "types": [], "allowImportingTsExtensions": true, "noEmit": true }, "include": ["src"] }',
  )
  file(
    'src/log.ts',
    'export interface LogFn { (fields: object, text?: string): void }\nexport interface Log { warn: LogFn; error: LogFn; info: LogFn }\n',
  )
  file(
    'src/call/parts.ts',
    `import type { Log } from '../log.ts'
export const FIXED = 'from a constant of another file'
export interface Options { readonly what: string; readonly log: Log }
export class Outage {
  readonly #options: Options
  constructor(options: Options) { this.#options = options }
  away(again: boolean) {
    const { what, log } = this.#options
    log.warn({}, again ? \`\${what} is not back yet\` : \`\${what} is down\`)
  }
  retry(what: string) { return this.#tell.bind(this, what) }
  #tell(what: string) { this.#options.log.error({}, \`\${what}; it is retried\`) }
}
export const faultOf = (mode: string): string | null => {
  if (mode === '') return 'no mode'
  return mode.length > 3 ? \`not '\${mode}'\` : null
}
`,
  )
  file(
    'src/call/uses.ts',
    `import type { Log } from '../log.ts'
import { FIXED, Outage, faultOf } from './parts.ts'
export function use(log: Log, mode: string, level: 'info' | 'warn', stage: string) {
  log.info({}, 'not for night duty')
  log.error({}, FIXED)
  log[level]({}, 'at one of two levels')
  const outage = new Outage({ what: 'the link', log })
  const what = 'the port'
  new Outage({ what, log }).away(false)
  outage.retry('writing')()
  const fault = faultOf(mode)
  if (fault) log.error({}, fault)
  log.warn({}, \`\${stage}: over\`)
  const own = { warn(text: string) { return text } }
  own.warn('of another thing than a log')
  return log.warn
}
`,
  )
  assert.deepEqual(
    messagesInSource(root)
      .map(({ at, level, room, text }) => `${at} ${level} ${room} ${text}`)
      .sort(),
    [
      'src/call/parts.ts:12 error call writing; it is retried',
      'src/call/parts.ts:9 warn call the link is down',
      'src/call/parts.ts:9 warn call the link is not back yet',
      'src/call/parts.ts:9 warn call the port is down',
      'src/call/parts.ts:9 warn call the port is not back yet',
      'src/call/uses.ts:12 error call no mode',
      "src/call/uses.ts:12 error call not '…'",
      'src/call/uses.ts:13 warn call …: over',
      'src/call/uses.ts:16 warn call …',
      'src/call/uses.ts:5 error call from a constant of another file',
      'src/call/uses.ts:6 warn call at one of two levels',
    ],
  )
})
