/**
 * What the doctor reports about a FreeSWITCH that takes the processor away from the nodes of its host: read from the
 * test's own /proc.
 */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { checkPriority } from '../../src/desk/doctor/priority.ts'

/** proc_pid_stat(5): of a FreeSWITCH 1.10.12 on Linux 6.18, without the fields that change. */
const statOf = (pid: number, name: string, realTime: number, policy: number) =>
  `${pid} (${name}) S 9294 9294 9294 0 -1 4194560 9401 0 0 0 8 3 0 0 -2 0 26 0 31415 1182793728 9000 18446744073709551615 1 1 0 0 0 0 0 4096 1073767936 0 0 0 17 1 ${realTime} ${policy} 0 0 0 0 0 0 0 0 0 0 0\n`

interface Process {
  readonly stat: string
  readonly cores: string
  readonly cmdline?: string
}

async function host(t: TestContext, processes: Readonly<Record<number, Process>>, pidFile = '100\n') {
  const folder = await mkdtemp(join(tmpdir(), 'switchhook-proc-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  await writeFile(join(folder, 'freeswitch.pid'), pidFile)
  await mkdir(join(folder, 'self'))
  for (const [pid, { stat, cores, cmdline = '' }] of Object.entries(processes)) {
    await mkdir(join(folder, pid))
    await writeFile(join(folder, pid, 'stat'), stat)
    await writeFile(join(folder, pid, 'status'), `Name:\tx\nCpus_allowed:\t${cores}\nCpus_allowed_list:\t0-1\n`)
    await writeFile(join(folder, pid, 'cmdline'), cmdline)
  }
  const found = await checkPriority(
    '127.0.0.1:8021',
    async text => (text === 'global_getvar run_dir' ? folder : '-ERR no reply'),
    folder,
  )
  return found.map(({ level, says }) => `${level}: ${says}`)
}

const RUN = '/usr/bin/node\0/opt/switchhook/src/bin.mjs\0run\0'
const node = (pid: number, cores: string, cmdline = RUN): Process => ({
  stat: statOf(pid, 'node', 0, 0),
  cores,
  cmdline,
})
const freeswitch = (policy: number, cores: string): Process => ({
  stat: statOf(100, 'freeswitch', policy === 0 ? 0 : 1, policy),
  cores,
})

test('a FreeSWITCH at real-time priority on the cores of a node is told of, with the node', async t => {
  assert.deepEqual(
    await host(t, { 100: freeswitch(1, '3'), 200: node(200, '3'), 300: node(300, '00000000,00000002') }),
    [
      'warning: FreeSWITCH runs at real-time priority 1 on cores that the nodes with pids 200, 300 may use too: under load a node gets almost no processor time',
    ],
  )
  assert.match(
    (
      await host(t, { 100: freeswitch(2, 'f'), 200: node(200, '8', '/usr/bin/node\0--import\0tsx\0src/main.ts\0run') })
    )[0]!,
    /the node with pid 200 may/,
  )
})

test('one that has cores of its own, or ordinary priority, is well', async t => {
  assert.deepEqual(await host(t, { 100: freeswitch(1, '00000001,00000000'), 200: node(200, '3') }), [
    'ok: FreeSWITCH has real-time priority, and cores of its own',
  ])
  assert.deepEqual(await host(t, { 100: freeswitch(0, '3'), 200: node(200, '3') }), [
    'ok: FreeSWITCH runs at ordinary priority',
  ])
})

test('nothing is said where nothing is known: no node here, another program by that pid, no /proc, a FreeSWITCH that does not tell', async t => {
  assert.deepEqual(
    await host(t, { 100: freeswitch(1, '3'), 200: node(200, '3', '/usr/bin/node\0/opt/other/run.js\0') }),
    [],
  )
  assert.deepEqual(await host(t, { 100: { stat: statOf(100, 'bash', 1, 1), cores: '3' }, 200: node(200, '3') }), [])
  assert.deepEqual(await host(t, { 200: node(200, '3') }), [])
  assert.deepEqual(await host(t, { 100: freeswitch(1, '3'), 200: node(200, '3') }, '../../etc\n'), [])
  assert.deepEqual(await checkPriority('127.0.0.1:8021', async () => '-ERR no reply', '/nowhere'), [])
})
