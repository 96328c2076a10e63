/**
 * The rules of the code as functions of its files: what each room (a folder of src/) may import, and what may stand
 * where. Each fault is one line.
 */

export interface SourceFile {
  /** Relative to the project, with '/': 'src/queue/match.ts'. */
  readonly path: string
  readonly text: string
}

/** Rooms by floor. Imports go down only, and rooms on one floor do not import each other. */
const FLOORS: readonly (readonly string[])[] = [
  ['base'],
  ['events'],
  ['esl', 'store'],
  ['switch', 'cluster', 'journal', 'agent'],
  ['routing'],
  ['call'],
  ['queue', 'campaign', 'record'],
  ['flow', 'recovery', 'directory', 'billing', 'outbox'],
  ['operations'],
  ['desk'],
  ['node'],
  ['main'],
]
const BESIDE = new Set(['services', 'testing'])
/** The only files that may import the settings and the rooms that are on no floor. */
const COMPOSES =
  /^(src\/(main|node|node\/(?:commands|stores))\.ts|src\/desk\/cli|src\/services\/|src\/testing\/|test\/)/

/**
 * The one file (for the command line and the HTTP API: folder) that may import a foreign package. Other packages:
 * any file, but only one.
 */
const PLACES = new Map<string, RegExp>([
  ['esl-lite', /^src\/esl\/client\.ts$/],
  ['node:net', /^src\/(esl\/|store\/postgres-socket\.ts$|outbox\/allowed-target\.ts$)/],
  ['net', /^$/],
  ['bullmq', /^src\/(desk\/jobs|outbox\/delivery-jobs)\.ts$/],
  ['ioredis', /^src\/store\/redis\.ts$/],
  ['postgres', /^src\/store\/sql\.ts$/],
  ['pino', /^src\/base\/log\.ts$/],
  ['commander', /^src\/desk\/cli/],
  ['@nats-io/jetstream', /^src\/outbox\/sinks\/nats\.ts$/],
  ['hono', /^src\/desk\/http\//],
  ['@hono/node-server', /^src\/desk\/http\//],
])
/** A vocabulary without behaviour: every room reads data from outside. */
const EVERYWHERE = new Set(['zod'])

const WORDS: readonly { word: RegExp; name: string; allowed: RegExp; instead: string }[] = [
  {
    word: /\bprocess\.env\b/,
    name: 'process.env',
    allowed: /^src\/config\.ts$/,
    instead: 'settings are read in src/config.ts and passed in',
  },
  {
    word: /(?<![.\w])(setTimeout|setInterval)\s*\(|\b(Date|performance)\.now\b|\bnew Date\(\)|\bAbortSignal\.timeout\b|['"](node:)?timers/,
    name: "the machine's own time",
    allowed: /^src\/base\/clock\.ts$/,
    instead: 'take a Clock (src/base/clock.ts); in a script call.now()',
  },
  {
    word: /\bsystemClock\b/,
    name: 'the clock of this machine',
    allowed:
      // the last three: the length of an outage or of a statement
      /^src\/(base\/clock|node\/commands|node\/stores|main|cluster\/lease-worker|store\/redis|store\/sql|desk\/jobs)\.ts$/,
    instead:
      'take a Clock: what stands in a store is stamped and compared by the time that all nodes share (src/base/shared-clock.ts)',
  },
  {
    word: /(?<![.\w#])now\(\)(?!\s*[:{])|\bcurrent_timestamp\b/i,
    name: "PostgreSQL's own time",
    allowed: /^src\/store\/migrate\.ts$/,
    instead: 'pass the time that all nodes share as a parameter',
  },
  {
    word: /\bprocess\.(on|once)\(\s*['"]SIG/,
    name: 'a signal',
    allowed: /^src\/main\.ts$/,
    instead: 'signals are heard in src/main.ts',
  },
]
const SCRIPT_WORDS = [
  { word: /\bMath\.random\b/, name: 'Math.random', instead: 'call.random(): a replay must see the same' },
  {
    word: /^\s+return (?!await )(call|leg|agent|place)\.\w+\(/,
    name: 'a verb returned without await',
    instead: '`return await call.…`: the scopes around it (`await using`) would end before the verb does',
  },
  {
    word: /(?<![.\w])fetch\s*\(/,
    name: 'a bare fetch',
    instead: "call.once('name', () => fetch(…)): a replay must not ask again",
  },
]
const BAD_NAMES = /^(utils?|helpers?|common|managers?|services?|types?|misc|shared)\.ts$/
const LONGEST_FILE = 400
/** The formatter breaks code, but not comments. */
const WIDEST_COMMENT = 120

interface Import {
  readonly from: SourceFile
  readonly line: number
  readonly target: string
  readonly typeOnly: boolean
}

/** All faults of these files (those below src/, scripts/ and test/), sorted by place. */
export function faultsOf(files: readonly SourceFile[]): string[] {
  const code = files
    .filter(file => /^(src|scripts)\//.test(file.path))
    .map(file => ({ ...file, text: withoutComments(file.text) }))
  const imports = code.flatMap(importsOf)
  return [
    ...files.flatMap(shapeFaults),
    ...imports.flatMap(floorFaults),
    ...packageFaults(imports),
    ...code.flatMap(wordFaults),
    ...cycleFaults(imports),
    ...code.filter(file => file.path === 'src/call/call.ts').flatMap(logicFaults),
  ].sort()
}

/** Replaces comments by blanks: line numbers stay. '//' in a string has no blank before it. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|(^|\s)\/\/.*$/gm, found => found.replace(/[^\n]/g, ' '))
}

const lineAt = (text: string, index: number): number => text.slice(0, index).split('\n').length

const IMPORT =
  /^\s*(?:import|export)\s+(type\s)?(?:[\w*{][^'"`;]*?\sfrom\s*)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm

export function importsOf(from: SourceFile): Import[] {
  const found = from.text.matchAll(IMPORT)
  return [...found].map(match => {
    const [whole, type, fixed, dynamic] = match
    const line = lineAt(from.text, match.index + whole.search(/\S/))
    return { from, line, target: resolved(from.path, fixed ?? dynamic ?? ''), typeOnly: type !== undefined }
  })
}

/** A path of the project for one of its files, else the name of the package. */
function resolved(from: string, target: string): string {
  if (target === '#flow') return 'src/flow.ts'
  if (target === '#testing') return 'src/testing/index.ts'
  if (!target.startsWith('.')) return target
  return new URL(target, `file:///${from}`).pathname.slice(1)
}

function isOurs(target: string): boolean {
  return /^(src|scripts|test)\//.test(target)
}

/** 'queue' for src/queue/match.ts; 'main', 'config' and 'flow' for the files in src/ itself. */
function roomOf(path: string): string {
  return /^src\/([^/]+?)(?:\.m?ts|\/)/.exec(path)?.[1] ?? ''
}

function floorOf(room: string): number {
  return FLOORS.findIndex(rooms => rooms.includes(room))
}

function floorFaults({ from, line, target }: Import): string[] {
  if (!isOurs(target)) return []
  const at = `${from.path}:${line} imports ${target}: `
  if (target.startsWith('test/')) return [`${at}nothing imports tests`]
  if (from.path.startsWith('scripts/')) {
    return target.startsWith('scripts/') || target === 'src/flow.ts'
      ? []
      : [`${at}a script imports #flow and other scripts`]
  }
  if (target.startsWith('scripts/')) return [`${at}flows are found by their folder, not imported`]
  const [room, other] = [roomOf(from.path), roomOf(target)]
  if (room === other) return []
  if (other === 'config' || BESIDE.has(other)) {
    if (COMPOSES.test(from.path)) return []
    return [`${at}${other} is for src/main.ts, src/desk/cli and tests; others are given what they need`]
  }
  if (BESIDE.has(room)) return other === 'main' ? [`${at}nothing imports main`] : []
  const [floor, below] = [room === 'config' ? 1 : floorOf(room), floorOf(other)]
  if (floor === -1 || below === -1) return [`${at}${floor === -1 ? room : other} is on no floor (test/house-rules.ts)`]
  if (below < floor) return []
  return [
    `${at}${room} may import ${FLOORS.slice(0, floor).flat().join(', ') || 'nothing'}; what it needs from ${other} is passed in`,
  ]
}

function packageFaults(imports: readonly Import[]): string[] {
  const faults: string[] = []
  const users = new Map<string, Set<string>>()
  for (const { from, line, target } of imports) {
    if (isOurs(target) || EVERYWHERE.has(target)) continue
    const allowed = PLACES.get(target)
    if (allowed && !allowed.test(from.path)) {
      faults.push(`${from.path}:${line} imports ${target}: only ${allowed.source.replace(/[\\^$]/g, '')} may`)
    }
    if (allowed || target.startsWith('node:')) continue
    const files = users.get(target) ?? new Set<string>()
    users.set(target, files.add(from.path))
  }
  const shared = [...users].filter(([, files]) => files.size > 1)
  return [
    ...faults,
    ...shared.map(([name, files]) => `${name} is imported by ${[...files].join(' and ')}: one package, one file`),
  ]
}

function wordFaults({ path, text }: SourceFile): string[] {
  const words = path.startsWith('scripts/')
    ? [...WORDS, ...SCRIPT_WORDS.map(one => ({ ...one, allowed: /^$/ }))]
    : WORDS
  const lines = text.split('\n')
  return words
    .filter(({ allowed }) => !allowed.test(path))
    .flatMap(({ word, name, instead }) =>
      lines.flatMap((line, index) => (word.test(line) ? [`${path}:${index + 1} uses ${name}: ${instead}`] : [])),
    )
}

function shapeFaults({ path, text }: SourceFile): string[] {
  const faults: string[] = []
  const lines = text.trimEnd().split('\n')
  const name = path.slice(path.lastIndexOf('/') + 1)
  if (lines.length > LONGEST_FILE) faults.push(`${path}:${lines.length} is too long: ${LONGEST_FILE} lines at most`)
  lines.forEach((line, at) => {
    if (line.length > WIDEST_COMMENT && /^\s*(\*|\/\/|\/\*)/.test(line))
      faults.push(`${path}:${at + 1} is a comment of ${line.length} columns: ${WIDEST_COMMENT} at most`)
  })
  if (BAD_NAMES.test(name)) faults.push(`${path}:1 has a name that says nothing: call it by what is in it`)
  return faults
}

/**
 * Import cycles, also of types: files that know each other are read together or not at all. The simulated FreeSWITCH
 * may have cycles of types, as the C source that it follows. Each cycle is reported once, from its first file.
 */
function cycleFaults(imports: readonly Import[]): string[] {
  const edges = new Map<string, string[]>()
  for (const { from, target, typeOnly } of imports) {
    if ((!typeOnly || !from.path.startsWith('src/testing/')) && isOurs(target))
      edges.set(from.path, [...(edges.get(from.path) ?? []), target])
  }
  const cycles = new Set<string>()
  const done = new Set<string>()
  const walk = (path: string, way: readonly string[]): void => {
    const start = way.indexOf(path)
    if (start !== -1) return void cycles.add(`${[...way.slice(start), path].join(' → ')}: a cycle`)
    if (done.has(path)) return
    for (const next of edges.get(path) ?? []) walk(next, [...way, path])
    done.add(path)
  }
  for (const path of [...edges.keys()].sort()) walk(path, [])
  return [...cycles]
}

/**
 * An object that lives as long as a call accumulates logic easily. So each of its members is one statement, and only
 * the constructor stores.
 */
function logicFaults({ path, text }: SourceFile): string[] {
  const fault = (index: number, why: string) => `${path}:${index + 1} ${why}: a verb's logic stands in call/verbs/`
  const lines = text.split('\n')
  let statements = 0
  let inside = ''
  return lines.flatMap((line, index) => {
    if (/^ {2}\S.*\{$/.test(line)) [inside, statements] = [line.trim(), 0]
    const isStatement = /^ {4}[^\s})\].?:|&]/.test(line) && inside !== '' && !inside.startsWith('constructor')
    if (line === '  }') inside = ''
    const oneLine = /^ {2}\S.*\{ (.+) \}$/.exec(line)?.[1] ?? ''
    const body = isStatement ? line : oneLine
    if (/(^|[\s(])(if|for|while|switch|try|do) ?[({]/.test(body)) return [fault(index, 'decides something')]
    if (/;\s*\S/.test(oneLine) || (isStatement && (statements += 1) > 1))
      return [fault(index, 'has more than one statement')]
    return []
  })
}
