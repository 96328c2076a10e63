/**
 * `make bench-leads`: a list of a million people is imported, written to a file, and called. Exit code 1 when a gate is
 * missed. PostgreSQL is a private one with its usual, durable settings. `--short` only shows that everything runs.
 */
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { systemClock } from '../../../src/base/clock.ts'
import { silentLog, type Log } from '../../../src/base/log.ts'
import { campaignFrom } from '../../../src/campaign/campaign.ts'
import { settleAttempt } from '../../../src/campaign/settle-attempt.ts'
import { country } from '../../../src/base/country.ts'
import { leadNumber } from '../../../src/esl/phone-number.ts'
import { readConfig } from '../../../src/config.ts'
import { openDatabaseService } from '../../../src/services/open.ts'
import { moveCampaign, putCampaign } from '../../../src/store/campaigns.ts'
import { countDue, readyLines } from '../../../src/store/claims.ts'
import { countLeads, nextExpiry } from '../../../src/store/leads.ts'
import { claimDue } from '../../claim-due.ts'
import { migrate } from '../../../src/store/migrate.ts'
import { openSql, type DatabaseAddress, type Sql } from '../../../src/store/sql.ts'
import { Times } from '../figures.ts'
import type { ListReport, ListTask } from './import-list.ts'
import { measureClosedPlaces } from './claim.ts'
import { canonical, writeList, written } from './list-file.ts'

const SHORT = process.argv.includes('--short')
const MANY = SHORT ? 20_000 : 1_000_000
const FEW = MANY / 10
const OPT_OUTS = SHORT ? 2_000 : 100_000
const CLAIMS = SHORT ? 20 : 200
const WARM = 10
const NOW = Date.UTC(2026, 2, 2, 9)

const GATE_SECONDS = 60
/** The peak of ten times as many leads is at most so many times as high. */
const GATE_MEMORY = 1.3
const GATE_CLAIM_MS = 10
/** What one decision reads of the long list, compared with the short one. */
const GATE_READS = 1.5

const faults: string[] = []
const gate = (text: string, met: boolean) => {
  console.log(`${met ? 'met   ' : 'MISSED'}  ${text}`)
  if (!met) faults.push(text)
}

const CHILD = fileURLToPath(new URL('./import-list.ts', import.meta.url))
async function inChild(task: ListTask): Promise<ListReport> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', CHILD, JSON.stringify(task)])
  return JSON.parse(stdout) as ListReport
}

function measureNumbers(): void {
  const [de, count] = [country('DE'), 200_000]
  for (let n = 0; n < 20_000; n++) leadNumber(written(n), de)
  const began = performance.now()
  for (let n = 0; n < count; n++) leadNumber(written(n), de)
  console.log(`one number is read in ${(((performance.now() - began) / count) * 1_000).toFixed(1)} µs`)
}

async function newCampaign(sql: Sql, name: string): Promise<string> {
  const { id } = await putCampaign(sql, campaignFrom({ name, queue: 'sales', maxAttempts: 99 }))
  await moveCampaign(sql, id, ['draft'], 'running', NOW)
  return id
}

const claim = (sql: Sql, campaign: string, now: number, leads = 100) =>
  claimDue(sql, {
    ...{ campaign, node: 'a', gateway: 'carrier', core: randomUUID(), now, until: now + 60_000 },
    ids: Array.from({ length: leads }, () => randomUUID()),
  })

/** Claims a hundred leads four times a second, while the attempts of the leads before end. */
async function measureClaims(sql: Sql, campaign: string): Promise<void> {
  const times = new Times()
  const ends = ['busy', 'no-answer', 'talked', 'machine'] as const
  const settle = async (attempts: readonly string[], now: number) => {
    for (const [n, attempt] of attempts.entries()) await settleAttempt(sql, attempt, ends[n % ends.length]!, {}, now)
  }
  let ending: Promise<unknown> = Promise.resolve()
  for (let n = 0; n < CLAIMS + WARM; n++) {
    const pause = new Promise(resolve => setTimeout(resolve, 250))
    const began = performance.now()
    const claimed = await claim(sql, campaign, NOW + n)
    if (n >= WARM) times.add(performance.now() - began) // plans and caches are as in a campaign that runs
    if (claimed.length !== 100) throw new Error(`only ${claimed.length} leads were claimed`)
    await ending
    const attempts = claimed.map(one => one.attempt)
    ending = Promise.all([settle(attempts.slice(0, 50), NOW + n), settle(attempts.slice(50), NOW + n)])
    await pause
  }
  await ending
  const { p50, p95, p99, max } = times.spread()
  console.log(
    `${CLAIMS} claims of 100 leads of ${MANY}, while attempts end: p50 ${p50.toFixed(1)}, p95 ${p95.toFixed(1)}, p99 ${p99.toFixed(1)}, max ${max.toFixed(1)} ms`,
  )
  gate(`p99 ${p99.toFixed(1)} ms (at most ${GATE_CLAIM_MS})`, p99 <= GATE_CLAIM_MS)
}

interface Plan {
  readonly 'Shared Hit Blocks': number
  readonly 'Shared Read Blocks': number
}

/** The blocks that PostgreSQL reads for one decision of a dialer: who is due, the claim, the figures. */
async function blocksOf(address: DatabaseAddress, campaign: string, now: number): Promise<number> {
  let blocks = 0
  const debug = ({ notice }: { notice?: string }) => {
    if (!notice?.startsWith('duration:')) return
    const { Plan: plan } = JSON.parse(notice.slice(notice.indexOf('{'))) as { Plan: Plan }
    blocks += plan['Shared Hit Blocks'] + plan['Shared Read Blocks']
  }
  const sql = openSql(address, { max: 1, log: { ...silentLog, debug } as unknown as Log })
  for (const [name, value] of Object.entries({
    ...{ 'auto_explain.log_min_duration': '0', 'auto_explain.log_analyze': 'on', 'auto_explain.log_buffers': 'on' },
    ...{ 'auto_explain.log_format': 'json', client_min_messages: 'log' },
  }))
    await sql`select set_config(${name}, ${value}, false)`
  const decide = async (at: number) => {
    await countDue(sql, campaign, await readyLines(sql, campaign), at, 100)
    await nextExpiry(sql, campaign)
    await countLeads(sql, campaign)
    await claim(sql, campaign, at, 10)
  }
  await decide(now) // the catalogue is read once
  blocks = 0
  for (let n = 1; n <= 10; n++) await decide(now + n)
  await sql`update attempts set state = 'ended', ended_at = ${new Date(now)} where state <> 'ended'` // the other list has the same numbers
  await sql.end()
  return blocks / 10
}

const data = fileURLToPath(new URL('../../../.data/', import.meta.url))
await mkdir(data, { recursive: true })
const folder = await mkdtemp(join(data, 'bench-leads-'))
await chmod(folder, 0o755) // under root the server runs as nobody
const { CACHE_DIR, XDG_CACHE_HOME } = process.env
const { cacheDir } = readConfig({ CACHE_DIR, XDG_CACHE_HOME })
console.log(`load average at the start: ${loadavg()[0]!.toFixed(1)}`)
const service = await openDatabaseService(
  { databaseUrl: null, redisUrl: null, dataDir: join(folder, 'data'), cacheDir },
  { clock: systemClock, say: line => console.log(line) },
)
try {
  const address = service.database
  const sql = openSql(address)
  await migrate(sql)
  await sql.alone(
    async connection =>
      void (await connection.unsafe(
        `alter database ${(await connection`select current_database() as name`)[0]!['name']} set session_preload_libraries = 'auto_explain'`,
      )),
  )
  measureNumbers()
  for (let n = 0; n < OPT_OUTS; n += 10_000) {
    const phones = Array.from({ length: Math.min(10_000, OPT_OUTS) }, (_, one) => canonical((n + one) * 10 + 7))
    await sql`insert into opt_outs (phone, source) select phone, 'import' from jsonb_array_elements_text(${sql.json(phones)}) phone`
  }
  const [short, long] = [await newCampaign(sql, 'short'), await newCampaign(sql, 'long')]
  const reports: ListReport[] = []
  for (const [campaign, leads] of [
    [short, FEW],
    [long, MANY],
  ] as const) {
    const file = join(folder, `${leads}.csv`)
    await writeList(file, leads)
    const report = await inChild({ what: 'import', database: address, campaign, file, now: NOW })
    reports.push(report)
    const { seconds, peakMb, added, rejected, optedOut, duplicates } = report
    console.log(
      `import of ${leads} lines beside ${OPT_OUTS} opt-outs: ${seconds.toFixed(1)} s, ${peakMb.toFixed(0)} MB; ${added} added, ${rejected} rejected, ${optedOut} opted out, ${duplicates} twice`,
    )
    if (report.read !== leads || added === 0) throw new Error('the list was not imported as it is')
    await rm(file)
  }
  const [few, many] = reports as [ListReport, ListReport]
  gate(`${MANY} leads in ${many.seconds.toFixed(1)} s (at most ${GATE_SECONDS})`, many.seconds <= GATE_SECONDS)
  const growth = many.peakMb / few.peakMb
  gate(`ten times the leads, ${growth.toFixed(2)} times the memory (at most ${GATE_MEMORY})`, growth <= GATE_MEMORY)
  // as some minutes after the import: autovacuum has run, and what was written is on the disk
  for (const command of ['vacuum analyze leads', 'checkpoint'])
    await sql.alone(async connection => void (await connection.unsafe(command)))
  const [readShort, readLong] = [await blocksOf(address, short, NOW), await blocksOf(address, long, NOW)]
  const reads = readLong / readShort
  console.log(
    `one decision reads ${readShort.toFixed(0)} blocks with ${FEW} leads, ${readLong.toFixed(0)} with ${MANY}`,
  )
  gate(`${reads.toFixed(2)} times as many (at most ${GATE_READS})`, reads <= GATE_READS)
  await measureClaims(sql, long)
  const closed = await measureClosedPlaces(sql, { leads: MANY, claims: CLAIMS })
  console.log(
    `${CLAIMS} claims of 100 leads behind ${MANY / 2} whose hours are closed: p50 ${closed.p50}, p99 ${closed.p99} ms; with the look at all places p50 ${closed.turnP50}, p99 ${closed.turnP99} ms`,
  )
  gate(`p99 ${closed.p99} ms (at most ${GATE_CLAIM_MS})`, closed.p99 <= GATE_CLAIM_MS)
  const out = await inChild({
    what: 'export',
    database: address,
    campaign: long,
    file: join(folder, 'out.csv'),
    now: NOW,
  })
  console.log(`export of ${out.read} leads: ${out.seconds.toFixed(1)} s, ${out.peakMb.toFixed(0)} MB`)
  gate(
    `the export needs ${out.peakMb.toFixed(0)} MB (at most twice the import's ${few.peakMb.toFixed(0)})`,
    out.peakMb <= few.peakMb * 2,
  )
  await sql.end()
} finally {
  await service.close()
  await rm(folder, { recursive: true, force: true })
}
if (faults.length > 0 && !SHORT) process.exitCode = 1
