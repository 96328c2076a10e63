/**
 * The client's half of `inbound.ts`: counts what a client of the inbound port reads, and prints it as one line of JSON.
 */

/** The characters that each event of the feed must give: a uuid and 'playback'. */
const PER_EVENT = 36 + 8

let events = 0
let characters = 0
let begin = 0
let cpu = process.cpuUsage()

/** One event was read, and these two of its headers. */
export function took(leg: string | undefined, application: string | undefined): void {
  if (events++ === 0) {
    begin = performance.now()
    cpu = process.cpuUsage()
  }
  characters += (leg?.length ?? 0) + (application?.length ?? 0)
}

/** The last event was read. Ends the process. */
export function finish(): never {
  const seconds = (performance.now() - begin) / 1_000
  const used = process.cpuUsage(cpu)
  if (characters !== events * PER_EVENT)
    throw new Error(`read ${characters} characters out of ${events} events: one was not looked at`)
  console.log(JSON.stringify({ events, seconds, cpuMs: (used.user + used.system) / 1_000 }))
  process.exit(0)
}
