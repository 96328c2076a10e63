/** The table of FreeSWITCH runs in Redis, shared by all nodes. */
import { z } from 'zod'
import type { RedisClient } from '../store/redis.ts'
import type { SwitchRun, SwitchRunTable } from './switch-runs.ts'

/** Hash: Core-UUID → Record as JSON. */
const KEY = 'sh:runs'

const Record = z.object({ v: z.literal(1), at: z.string(), heard: z.number() })

/** Null for a record of a later version or of another program; such a record stays untouched. */
function runFrom(core: string, json: string): SwitchRun | null {
  try {
    const { at, heard } = Record.parse(JSON.parse(json))
    return { core, at, heard }
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return null
    throw error
  }
}

/** `redis` is a client for commands (store/redis.ts). */
export function redisSwitchRuns(redis: RedisClient): SwitchRunTable {
  return {
    async note(runs) {
      const records = runs.map(
        ({ core, at, heard }) => [core, JSON.stringify({ v: 1, at, heard } satisfies z.infer<typeof Record>)] as const,
      )
      await redis.hset(KEY, Object.fromEntries(records))
    },
    async all(since) {
      const runs = Object.entries(await redis.hgetall(KEY)).flatMap(([core, json]) => runFrom(core, json) ?? [])
      const old = runs.filter(({ heard }) => heard <= since).map(({ core }) => core)
      if (old.length > 0) await redis.hdel(KEY, ...old)
      return runs.filter(({ heard }) => heard > since)
    },
  }
}
