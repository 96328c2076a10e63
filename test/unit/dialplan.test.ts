/** The shipped dialplan: how FreeSWITCH reads it, and that the simulated FreeSWITCH has the same one. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { CONTEXT, doorOf, extensionOf, homeOf } from '../../src/esl/api.ts'
import { ident } from '../../src/esl/safe-text.ts'
import { entryExtension, homeExtension } from '../../src/testing/index.ts'

const FOLDER = new URL('../../dialplan/', import.meta.url)
const read = (file: string) => readFileSync(new URL(file, FOLDER), 'utf8')

interface Extension {
  readonly name: string
  readonly pattern: RegExp
  /** The pattern of switchhook_home. */
  readonly home: RegExp | null
  readonly actions: readonly { application: string; data: string }[]
}

const SET = /<X-PRE-PROCESS cmd="set" data="([a-z_]+)=([^"]*)"\/>/
const settings = new Map(
  [...read('switchhook_vars.xml').matchAll(new RegExp(SET, 'g'))].map(([, name, value]) => [name!, value!]),
)

/** What the preprocessor makes of a file: lines with its tags are removed, `$${name}` becomes the value. */
function preprocessed(file: string, values: ReadonlyMap<string, string>): string {
  return read(file)
    .split('\n')
    .filter(line => !line.includes('X-PRE-PROCESS') && !line.includes('<include>') && !line.includes('</include>'))
    .map(line => line.replace(/\$\$\{([a-z_]+)\}/g, (_, name: string) => values.get(name) ?? `(${name} is not set)`))
    .join('\n')
    .replace(/<!--[^]*?-->/g, '')
}

function extensions(xml: string): Extension[] {
  return [...xml.matchAll(/<extension name="([^"]+)">([^]*?)<\/extension>/g)].map(([, name, body]) => ({
    name: name!,
    pattern: new RegExp(/field="destination_number" expression="([^"]+)"/.exec(body!)![1]!),
    home: ((expression?: string) => (expression === undefined ? null : new RegExp(expression)))(
      /field="\$\{switchhook_home\}" expression="([^"]+)"/.exec(body!)?.[1],
    ),
    actions: [...body!.matchAll(/<action application="([^"]+)"(?: data="([^"]*)")?\/>/g)].map(
      ([, application, data]) => ({ application: application!, data: data ?? '' }),
    ),
  }))
}

/** As FreeSWITCH: the first extension whose conditions fit, with $1 filled in. */
function dialled(
  number: string,
  all: readonly Extension[],
  switchhookHome = '',
): { name: string; actions: readonly { application: string; data: string }[] } {
  for (const { name, pattern, home, actions } of all) {
    const found = pattern.exec(number)
    if (found && (home === null || home.test(switchhookHome)))
      return {
        name,
        actions: actions.map(({ application, data }) => ({
          application,
          data: data.replaceAll('$1', found[1] ?? '$1'),
        })),
      }
  }
  throw new Error(`no extension for ${number}`)
}

const NODES = new Map([
  ...settings,
  ['switchhook_node_a', 'a:1'],
  ['switchhook_node_b', 'b:2'],
  ['switchhook_key', 'secret'],
])
const rig = extensions(preprocessed('switchhook.xml', NODES))

test('a flow, its retry and the apology are three extensions, and none hides another', () => {
  equal(dialled('switchhook-welcome', rig).name, 'switchhook-entry')
  equal(dialled('switchhook-leg', rig).name, 'switchhook-entry')
  equal(dialled('switchhook-retry-welcome', rig).name, 'switchhook-retry')
  equal(dialled('switchhook-sorry', rig).name, 'switchhook-sorry')
})

test('a voice mailbox is an extension of its own, from which the call does not come back', () => {
  const { name, actions } = dialled('switchhook-mailbox-1001', rig)
  equal(name, 'switchhook-mailbox')
  deepEqual(
    actions.slice(2).map(({ application, data }) => `${application} ${data}`),
    ['unset transfer_after_bridge', 'set socket_resume=false', 'answer ', 'voicemail default (domain is not set) 1001'],
  )
})

test('the entry of a flow is what the simulated switch has', () => {
  deepEqual(dialled('switchhook-welcome', rig).actions, entryExtension('welcome', ['a:1', 'b:2'], { key: 'secret' }))
})

test('the retry of a flow is what the simulated switch has: the other node first in every line, and the apology as the last way out', () => {
  const options = { key: 'secret', afterwards: 'switchhook-sorry', alternating: false }
  deepEqual(dialled('switchhook-retry-welcome', rig).actions, entryExtension('welcome', ['b:2', 'a:1'], options))
})

const HOMES = ['127.0.0.1:8084', 'node-b.example.org:8084', 'b:1']
const NO_HOMES = [
  '',
  '127.0.0.1',
  ':8084',
  'a:1|b:2',
  'a:1/other',
  'a:1 sync',
  'a:123456',
  '-a:1',
  '${system}:1',
  '::1:8084',
  'a:1\nx',
]

test('a leg with a home is offered to that node first, then it enters the flow as any other', () => {
  for (const home of HOMES) {
    const { name, actions } = dialled(homeOf(ident('welcome')), rig, home)
    equal(name, 'switchhook-home')
    deepEqual(actions, homeExtension('welcome', home, { key: 'secret' }))
    deepEqual(actions.at(-2), { application: 'socket', data: '${switchhook_home}/welcome async full' })
    deepEqual(actions.at(-1), { application: 'transfer', data: 'switchhook-welcome XML switchhook' })
    // it sets the same variables as the entry before its first offer; a node that is silent here loses the leg to the
    // entry
    const entry = entryExtension('welcome', ['a:1', 'b:2'], { key: 'secret', afterwards: 'switchhook-welcome' })
    deepEqual(actions.slice(0, -2), entry.slice(0, actions.length - 2))
  }
})

test('a home that is missing or no address leads to the entry, and never into a flow called home-…', () => {
  for (const home of NO_HOMES) {
    const { name, actions } = dialled('switchhook-home-leg', rig, home)
    equal(name, 'switchhook-homeless', JSON.stringify(home))
    deepEqual(actions, homeExtension('leg', home, { key: 'secret' }))
    deepEqual(actions, [{ application: 'transfer', data: 'switchhook-leg XML switchhook' }])
  }
  equal(dialled('switchhook-home', rig).name, 'switchhook-entry')
  equal(dialled('switchhook-welcome', rig, 'a:1').name, 'switchhook-entry')
})

test("each of the eight offers is armed: the dead man's switch is the last timer before the socket, so that last_sched_id is its id", () => {
  for (const number of ['switchhook-welcome', 'switchhook-retry-welcome']) {
    const { actions } = dialled(number, rig)
    const sockets = actions.flatMap(({ application }, at) => (application === 'socket' ? [at] : []))
    equal(sockets.length, 8)
    deepEqual(
      actions.slice(0, 5).map(({ application }) => application),
      ['sched_cancel', 'sched_hangup', 'multiset', 'sched_transfer', 'socket'],
    )
    equal(actions[0]!.data, '', 'every timer of an earlier way through here')
    for (const [line, at] of sockets.entries()) {
      match(actions[at]!.data, / async full$/)
      match(actions[at - 2]!.data, new RegExp(`~switchhook_key=secret~switchhook_offer=${line + 1}$`))
      equal(actions[at - 1]!.application, 'sched_transfer')
      if (line > 0)
        deepEqual(
          actions[at - 3],
          { application: 'sched_cancel', data: '${last_sched_id}' },
          'the call still has an end',
        )
    }
  }
})

test('the apology forgets the way back from a talk: a call that is answered by the overflow number must not come to the nodes again', () => {
  const { actions } = dialled('switchhook-sorry', rig)
  const applications = actions.map(({ application }) => application)
  equal(applications[0], 'sched_cancel')
  ok(applications.indexOf('unset') < applications.indexOf('bridge'))
  deepEqual(actions.at(-1), { application: 'hangup', data: 'NORMAL_TEMPORARY_FAILURE' })
})

test('the code and the dialplan call the same extension by the same name', () => {
  ok(read('switchhook.xml').includes(`<context name="${CONTEXT}">`))
  equal(dialled(extensionOf(ident('queue-entry')), rig).name, 'switchhook-entry')
  equal(doorOf(ident('queue-entry')), 'switchhook-queue-entry:XML:switchhook')
})

test('every setting that is used is defined, and every one that is defined is used', () => {
  const used = new Set(
    [...read('switchhook.xml').matchAll(/\${1,2}\{(switchhook_[a-z_]+)\}/g)].map(([, name]) => name!),
  )
  used.delete('switchhook_home') // a variable of the leg
  deepEqual([...used].sort(), [...settings.keys()].sort())
})

test('a dialled number reaches a flow, and nothing but digits and a plus is handed on', () => {
  const [sample] = extensions(preprocessed('01_switchhook_did.xml', settings))
  const { actions } = dialled('+4930123456', [sample!])
  deepEqual(actions, [
    { application: 'set', data: 'switchhook_dialled=+4930123456' },
    { application: 'transfer', data: 'switchhook-welcome XML switchhook' },
  ])
  for (const evil of ['${system touch x}', '12345${x}', '1234', '+', '12345\r\nx', '12345;x=y'])
    ok(!sample!.pattern.test(evil), evil)
})

test('each feature code leads to a flow that is there, and hands on nothing but digits and a plus', () => {
  const codes = extensions(preprocessed('02_switchhook_agents.xml', settings))
  const flows = readdirSync(new URL('../../scripts/', import.meta.url)).map(name => name.replace(/\.ts$/, ''))
  for (const { name, actions } of codes) {
    equal(actions.at(-1)!.data, `${name} XML switchhook`)
    ok(flows.includes(name.replace('switchhook-', '')), name)
  }
  equal(codes.length, flows.filter(name => name.startsWith('agent-')).length)
  deepEqual(dialled('*532', codes).actions[0], { application: 'set', data: 'reason=2' })
  deepEqual(dialled('*56+4930123', codes).actions[0], { application: 'set', data: 'number=+4930123' })
  for (const other of ['*5', '*500', '*530', '*56', '*56${x}', '*5312x', '50', '*57', '*56\n12'])
    ok(!codes.some(({ pattern }) => pattern.test(other)), other)
})

test('each number for parked callers leads to a flow that is there, and hands on nothing but digits', () => {
  const numbers = extensions(preprocessed('03_switchhook_park.xml', settings))
  const flows = readdirSync(new URL('../../scripts/', import.meta.url)).map(name => name.replace(/\.ts$/, ''))
  for (const { name, actions } of numbers) {
    const flow = /^switchhook-(\S+) XML switchhook$/.exec(actions.at(-1)!.data)?.[1]
    ok(flows.includes(flow!), name)
  }
  deepEqual(dialled('5901', numbers).actions[0], { application: 'set', data: 'queue=park' })
  deepEqual(dialled('*582', numbers).actions[0], { application: 'set', data: 'queue=slot-2' })
  deepEqual(dialled('*5714', numbers).actions[0], { application: 'set', data: 'slot=14' })
  for (const other of ['590', '59000', '*5', '*58', '*57${x}', '*5812345', '*58\n12'])
    ok(!numbers.some(({ pattern }) => pattern.test(other)), other)
})

for (const file of readdirSync(FOLDER).filter(name => name.endsWith('.xml'))) {
  test(`${file}: FreeSWITCH's preprocessor reads every line as it was meant`, () => {
    const lines = read(file).split('\n')
    equal(lines[0], '<include>')
    equal(lines.at(-2), '</include>')
    for (const line of lines.slice(1, -2)) {
      ok(!line.includes('<include>') && !line.includes('<?'), `such a line is dropped: ${line}`)
      ok(!line.includes('<!--#'), `such a comment is a command: ${line}`)
      if (line.toLowerCase().includes('x-pre-process'))
        match(line, /^ *<X-PRE-PROCESS cmd="(set|include)" data="[^"]+"\/>$/)
    }
    const tags = [...preprocessed(file, settings).matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g)]
    const open: string[] = []
    for (const [, closes, tag, empty] of tags) {
      if (closes) equal(open.pop(), tag)
      else if (!empty) open.push(tag!)
    }
    deepEqual(open, [])
  })
}
